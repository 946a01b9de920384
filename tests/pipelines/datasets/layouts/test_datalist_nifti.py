from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts.datalist import scan
from pipelines.datasets.layouts.datalist_nifti import check_flat, check_on_image, is_nifti
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.errors import InputError
from tests.pipelines.datasets.made_nifti import LPS, TRANSFORMS, block, lying, write_nifti
from transforms.upright_reader import UprightReader


def listed(folder: Path, *items: dict[str, Any], task: str = "segmentation") -> Scan:
    content = {"labels": {"0": "background", "1": "tumour"}, "training": items}
    (folder / "list.json").write_text(json.dumps(content))
    return scan(folder, Request(task, (), {}, {}))


def pair(folder: Path, name: str, image: Any, mask: Any) -> dict[str, str]:
    """Writes an image and its mask, each a picture laid by a transform."""
    picture = block((6, 9))
    write_nifti(folder / f"{name}.nii", lying(picture, image), image)
    write_nifti(folder / f"{name}_mask.nii.gz", lying(picture % 2, mask), mask)
    return {"image": f"{name}.nii", "label": f"{name}_mask.nii.gz"}


def test_images_stand_by_their_transform_as_prediction_reads_them(tmp_path: Path) -> None:
    items = [pair(tmp_path, name, affine, affine) for name, affine in TRANSFORMS.items()]
    found = listed(tmp_path, *items)
    assert not found.problems and len(found.samples) == len(TRANSFORMS)
    for sample in found.samples:
        pixels = sample.image.read("x").pixels
        np.testing.assert_array_equal(pixels, block((6, 9)), sample.source)
        theirs, _ = UprightReader().get_data(tmp_path / sample.source)
        np.testing.assert_array_equal(pixels, theirs)
        np.testing.assert_array_equal(sample.masks[0].read("x"), pixels % 2)


def test_a_mask_that_lies_otherwise_is_named(tmp_path: Path) -> None:
    good = pair(tmp_path, "good", LPS, None)
    found = listed(tmp_path, good, pair(tmp_path, "bad", LPS, np.eye(4)))
    assert [sample.source for sample in found.samples] == ["good.nii"]
    assert [problem.line for problem in found.problems] == [
        'list.json: training[1] ("bad.nii") names a mask that does not lie on its image: image '
        '"bad.nii" and its mask "bad_mask.nii.gz" lie differently in space by their headers '
        "(LP and RA); save the mask with the transform of the image"
    ]


def warned(found: Scan) -> list[str]:
    return [line for line in found.warnings if "turned by half" in line]


def test_what_is_turned_by_half_is_told(tmp_path: Path) -> None:
    plain, eye = pair(tmp_path, "a", LPS, LPS), np.eye(4)
    assert warned(listed(tmp_path, plain)) == []
    Image.fromarray(block((6, 9))).save(tmp_path / "a.png")
    write_nifti(tmp_path / "sub" / "m.nii", lying(block((6, 9)) % 2, eye), eye)
    mixed = {"image": "a.png", "label": "sub/m.nii"}
    both = pair(tmp_path, "b", eye, eye)
    (line,) = warned(listed(tmp_path, mixed, plain, both))
    assert ': 2 2-D files, such as "sub/m.nii"; if they were saved' in line
    classes = {"image": "b.nii", "label": 1}, {"image": "a.nii", "label": 0}
    (line,) = warned(listed(tmp_path, *classes, task="classification"))
    assert ': 1 2-D files, such as "b.nii"' in line


def test_pictures_pass(tmp_path: Path) -> None:
    picture, nifti = PurePosixPath("gone.png"), PurePosixPath("gone.NII.gz")
    assert is_nifti(nifti) and not is_nifti(picture)
    check_flat(tmp_path, picture, "image")
    check_on_image(tmp_path, picture, nifti)
    check_on_image(tmp_path, nifti, picture)


def test_what_cannot_be_read_or_is_a_volume_is_refused(tmp_path: Path) -> None:
    path = PurePosixPath("v.nii")
    with pytest.raises(InputError, match=r'names the image "v\.nii" does not exist'):
        check_flat(tmp_path, path, "image")
    write_nifti(tmp_path / "v.nii", block((4, 6, 5)), LPS)
    with pytest.raises(InputError, match=r'names the label "v\.nii", a volume of 4 x 6 x 5'):
        check_flat(tmp_path, path, "label")
