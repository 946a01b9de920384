from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from monai.transforms import LoadImage

from pipelines.datasets.dataset import read
from pipelines.datasets.encoding import encode
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, Made
from transforms.upright_reader import UprightReader


def test_nifti_lies_upright_with_its_spacing(made: Made) -> None:
    made.masked()
    made.change(0, image=Given(made.texture(0), (0.2, 0.1)))
    deep = made.texture(1).astype(np.uint16) * 200
    made.change(1, image=Given(deep))
    done = made.convert("segmentation", kind="nifti").dataset
    assert done == read(made.out) and done.items[0]["image"] == "images/a_0001.nii.gz"
    assert done.resolved(done.items[0])["id"] == "a_0001"
    assert done.items[0]["spacing"] == [0.2, 0.1]
    load = LoadImage(reader=UprightReader("grey"), image_only=True, ensure_channel_first=True)
    image = load(made.out / "images/a_0001.nii.gz")
    assert image.shape == (1, 60, 90)
    np.testing.assert_array_equal(np.asarray(image[0]), made.texture(0))
    np.testing.assert_array_equal(np.asarray(load(made.out / "images/b_0001.nii.gz")[0]), deep)
    label = LoadImage(reader=UprightReader("indices"), image_only=True)(
        made.out / "masks/a_0001.nii.gz"
    )
    np.testing.assert_array_equal(np.asarray(label), made.samples[0].masks[0].read("x"))
    first = {path.name: path.read_bytes() for path in made.out.rglob("*.gz")}
    made.convert("segmentation", kind="nifti", overwrite=True, workers=2)
    assert first == {path.name: path.read_bytes() for path in made.out.rglob("*.gz")}
    with pytest.raises(InputError, match="--format nifti keeps one grey channel, and this dataset"):
        made.convert("segmentation", kind="nifti", overwrite=True, channels=3)


def test_the_affine_holds_the_spacing_in_millimetres() -> None:
    data = encode(np.arange(6, dtype=np.uint8).reshape(2, 3), "nifti", (0.5, 0.25))
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(data))
    assert image.shape == (3, 2)
    np.testing.assert_allclose(image.affine, np.diag([-0.25, -0.5, 1, 1]))
    assert image.header.get_xyzt_units()[0] == "mm"
    assert encode(np.zeros((2, 3), np.uint8), "nifti")[:2] == b"\x1f\x8b"
