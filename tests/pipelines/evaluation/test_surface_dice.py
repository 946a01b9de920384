"""Borders agree within a tolerance; the frame of an image is none."""

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_surface_dice

from pipelines.evaluation.surface_dice import surface_dice


def square(top: int, left: int, side: int = 8, size: int = 24) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.0])
def test_away_from_the_frame_it_is_that_of_monai(tolerance: float) -> None:
    truth, prediction = square(8, 8), square(9, 6, side=9)
    tensors = [torch.tensor(np.stack([~m, m])[None]).float() for m in (prediction, truth)]
    expected = compute_surface_dice(*tensors, class_thresholds=[tolerance])
    assert surface_dice(prediction, truth, tolerance) == pytest.approx(expected.item())


def test_the_frame_is_no_border() -> None:
    truth = np.zeros((16, 16), dtype=bool)
    truth[:, :8] = True
    moved = np.zeros_like(truth)
    moved[:, :12] = True  # agrees along three sides of the frame, and nowhere else
    assert surface_dice(moved, truth, 2) == 0
    assert surface_dice(moved, truth, 4) == 1


def test_nothing_and_everything() -> None:
    empty, whole, some = np.zeros((8, 8), bool), np.ones((8, 8), bool), square(2, 2, 3, 8)
    assert math.isnan(surface_dice(empty, empty))
    assert math.isnan(surface_dice(whole, whole))
    assert surface_dice(empty, whole) == surface_dice(whole, empty) == 0
    assert surface_dice(empty, some) == surface_dice(some, empty) == surface_dice(whole, some) == 0
    assert surface_dice(some, some, 0) == 1
