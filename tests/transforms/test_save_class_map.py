"""A class map is written in its colours, as plain indices, and over its image."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from numpy.typing import NDArray
from PIL import Image

from transforms.save_class_map import SaveClassMapd, blended

COLOURS = [[235, 235, 235], [255, 140, 170], [110, 50, 160]]


@pytest.fixture
def indices() -> NDArray[np.uint8]:
    """A map 5 high and 7 wide of three classes."""
    return np.arange(35, dtype=np.uint8).reshape(5, 7) % 3


def save(indices: NDArray[np.uint8], source: Path, out: Path, **more: Any) -> None:
    pred = MetaTensor(torch.tensor(indices)[None], meta={"filename_or_obj": str(source)})
    SaveClassMapd("pred", str(out), COLOURS, **more)({"pred": pred})


def test_three_files_hold_the_map(indices: NDArray[np.uint8], tmp_path: Path) -> None:
    rgba = np.full((5, 7, 4), (10, 200, 90, 255), dtype=np.uint8)
    rgba[:, 5:] = (255, 255, 255, 0)
    (tmp_path / "in" / "slide").mkdir(parents=True)
    source = tmp_path / "in" / "slide" / "a.b.png"
    Image.fromarray(rgba).save(source)
    save(indices, source, tmp_path / "out", input_dir=str(tmp_path / "in"))
    folder = tmp_path / "out" / "slide"
    assert {path.name for path in folder.iterdir()} == {
        "a.b_mask.png",
        "a.b_index.png",
        "a.b_blend.png",
    }
    with Image.open(folder / "a.b_mask.png") as mask:
        assert mask.mode == "P"
        np.testing.assert_array_equal(np.asarray(mask), indices)
        np.testing.assert_array_equal(np.asarray(mask.convert("RGB")), np.array(COLOURS)[indices])
    with Image.open(folder / "a.b_index.png") as plain:
        assert plain.mode == "L"
        np.testing.assert_array_equal(np.asarray(plain), indices)
    shown = rgba[..., :3] * (rgba[..., 3:] > 0)  # transparent is black, as the network sees it
    expected = blended(shown.astype(np.uint8), indices, COLOURS, 0.4)
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "a.b_blend.png")), expected)


def test_the_background_stays_as_it_is_and_the_rest_is_mixed() -> None:
    image = np.full((1, 2, 3), 100, dtype=np.uint8)
    found = blended(image, np.array([[0, 1]], dtype=np.uint8), COLOURS, 0.5)
    assert found.tolist() == [[[100, 100, 100], [178, 120, 135]]]


def test_the_map_of_a_nifti_lies_on_it(indices: NDArray[np.uint8], tmp_path: Path) -> None:
    source = tmp_path / "a.nii.gz"
    picture = np.full((7, 5), 30, dtype=np.uint8)
    nib.Nifti1Image(picture, np.diag([-1.0, -1.0, 1.0, 1.0])).to_filename(source)
    save(indices, source, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "a_mask.nii.gz",
        "a_index.png",
        "a_blend.png",
    }
    assert nib.load(tmp_path / "out" / "a_mask.nii.gz").shape == (7, 5)


def test_a_class_without_a_colour_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pred holds the class 3, but there are 3 colours"):
        save(np.full((2, 2), 3, dtype=np.uint8), tmp_path / "a.png", tmp_path / "out")
    assert not (tmp_path / "out").exists()
