"""Marks are filled from their surroundings; everything else, metadata too, stays."""

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Resized

from tests.transforms.made_ultrasound import TISSUE_SHAPE, tissue
from transforms.drawn_marks import drawn_marks
from transforms.mark_removal import RemoveMarksd
from transforms.picture import PictureError

INK = drawn_marks(*TISSUE_SHAPE, ["caliper", "text"], 0.08, 2).numpy()[None]
CLEAN = tissue(1)
MARKED = (CLEAN + INK * (1 - CLEAN)).astype(np.float32)


def wrong(found: torch.Tensor) -> float:
    """Root mean square difference to the clean image where the ink was."""
    return float(np.sqrt(((found.numpy() - CLEAN)[INK > 0.5] ** 2).mean()))


@pytest.mark.parametrize("given", [{}, {"mask_key": "marks", "rim": 0}], ids=["found", "mask"])
def test_marks_are_filled(given: dict[str, Any]) -> None:
    data = {"image": torch.from_numpy(MARKED), "marks": torch.from_numpy(INK > 0)}
    found = RemoveMarksd("image", **given)(data)["image"]
    assert found.dtype == torch.float32 and found.shape == (1, *TISSUE_SHAPE)
    assert found.min() >= 0 and found.max() <= 1
    assert wrong(found) < 0.4 * wrong(data["image"])
    far = torch.nn.functional.max_pool2d(torch.from_numpy(INK), 9, 1, 4) == 0
    assert float((found[far] != data["image"][far]).float().mean()) < 0.02


def test_an_even_ramp_is_restored_exactly() -> None:
    ramp = torch.linspace(0.2, 0.7, 60).repeat(40, 1)[None]
    marks = torch.zeros(1, 40, 60)
    marks[:, 10:13, 20:40] = 1
    image = torch.where(marks > 0, 1.0, ramp)
    found = RemoveMarksd("image", "marks")({"image": image, "marks": marks})["image"]
    torch.testing.assert_close(found, ramp, atol=1e-3, rtol=0)


def test_without_marks_nothing_changes_and_metadata_stay() -> None:
    image = MetaTensor(torch.full((3, 20, 30), 0.5), meta={"name": "a"})
    found = RemoveMarksd("image")({"image": image, "label": 1})
    assert torch.equal(found["image"], image) and found["label"] == 1
    assert isinstance(found["image"], MetaTensor) and found["image"].meta["name"] == "a"


def test_a_prediction_is_still_brought_back_to_the_image_s_size() -> None:
    marked = MetaTensor(torch.from_numpy(MARKED))
    steps = Compose([RemoveMarksd("image"), Resized("image", (64, 64))])
    found = steps({"image": marked})
    assert found["image"].shape == (1, 64, 64)
    assert steps.inverse(found)["image"].shape == marked.shape


def test_what_cannot_be_is_refused() -> None:
    image = torch.rand(1, 20, 30, generator=torch.Generator().manual_seed(0))
    with pytest.raises(PictureError, match=r"marks would be \d+% of image, more than 20%; raise"):
        RemoveMarksd("image", contrast=0.05)({"image": image})
    full = {"image": image, "m": torch.ones(1, 20, 30)}
    with pytest.raises(
        PictureError, match=r"marks would be 100% of image.*; correct m, or largest"
    ):
        RemoveMarksd("image", "m")(full)
    with pytest.raises(PictureError, match="m is 4 x 3 pixels, image 30 x 20; expected a mask"):
        RemoveMarksd("image", "m")({"image": image, "m": torch.ones(1, 3, 4)})
    with pytest.raises(PictureError, match="RemoveMarksd expects 0 to 1"):
        RemoveMarksd("image")({"image": 255 * image})


def test_marks_that_fill_all_of_an_image_are_refused() -> None:
    remove = RemoveMarksd("image", mask_key="m", largest=1)
    with pytest.raises(PictureError, match="marks fill all of image; nothing is left"):
        remove({"image": torch.rand(1, 12, 12), "m": torch.ones(1, 12, 12)})


@pytest.mark.parametrize("given", [{"contrast": 0}, {"width": 0}, {"rim": -1}, {"largest": 2}])
def test_bad_settings_are_named(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is .*; expected a (whole )?number"):
        RemoveMarksd("image", **given)
