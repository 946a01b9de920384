"""A sample is drawn as it is: its pixels, its values, its mask."""

import numpy as np
import pytest
import torch

from pipelines.preview.colours import PALETTE
from pipelines.preview.sample_picture import mask_of, sample_picture, values_of
from pipelines.preview.window import Window
from tests.pipelines.preview.made_dataset import like

IMAGE = torch.linspace(0, 1, 20 * 40).reshape(1, 20, 40)
COLOURS = {1: PALETTE[0]}


def test_every_pixel_of_the_sample_becomes_a_square() -> None:
    picture = sample_picture({"image": IMAGE, "label": 1}, Window(0.0, 1.0), COLOURS, 80)
    assert picture.shape == (40, 80, 3) and picture.dtype == np.uint8
    greys = np.repeat(np.repeat(IMAGE[0].numpy() * 255, 2, axis=0), 2, axis=1)
    assert np.abs(picture[..., 0] - greys).max() <= 1
    assert values_of({"image": IMAGE - 0.5}) == "-0.50 to 0.50"


def test_colours_stay_and_the_mask_is_outlined() -> None:
    image = torch.zeros(3, 20, 40)
    image[0] = 1.0
    mask = torch.zeros(1, 20, 40)
    mask[:, 5:15, 10:30] = 1
    picture = sample_picture({"image": image, "label": mask}, Window(0.0, 1.0), COLOURS, 160)
    assert (picture[0, 0] == (255, 0, 0)).all()
    rows, columns = np.nonzero(like(picture, PALETTE[0], within=30))
    assert rows.min() == pytest.approx(20, abs=3) and columns.max() == pytest.approx(119, abs=3)


def test_masks_are_told_from_classes() -> None:
    assert mask_of(3) is None and mask_of(None) is None
    one_hot = torch.zeros(3, 4, 5)
    one_hot[2] = 1
    assert (mask_of(one_hot) == 2).all()  # type: ignore[union-attr]
