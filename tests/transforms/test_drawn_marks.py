"""Marks are thin, inside the picture, and the same for the same seed."""

import pytest
import torch

from transforms.drawn_marks import MARKS, drawn_marks


@pytest.mark.parametrize("kind", MARKS)
def test_a_mark_is_drawn_in_part_of_the_picture(kind: str) -> None:
    for seed in range(12):
        found = drawn_marks(90, 120, [kind], 0.08, seed)
        assert found.shape == (90, 120) and found.dtype == torch.float32
        assert found.min() >= 0 and 0.7 < found.max() <= 1
        assert 0.0005 < float((found > 0.5).float().mean()) < 0.2


def test_the_seed_decides() -> None:
    one = drawn_marks(60, 80, list(MARKS), 0.1, 3)
    assert torch.equal(one, drawn_marks(60, 80, list(MARKS), 0.1, 3))
    assert not torch.equal(one, drawn_marks(60, 80, list(MARKS), 0.1, 4))


def test_larger_letters_are_larger() -> None:
    small, large = (drawn_marks(200, 200, ["body_mark"], size, 1).sum() for size in (0.04, 0.1))
    assert large > 2 * small


def test_small_pictures_hold_small_marks_or_none() -> None:
    for seed in range(20):
        assert drawn_marks(12, 40, list(MARKS), 0.3, seed).shape == (12, 40)
    assert not drawn_marks(11, 40, list(MARKS), 0.3, 0).any()
