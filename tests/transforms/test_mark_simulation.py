"""Marks are burnt into the image; the tissue between their strokes stays."""

from functools import partial
from typing import Any

import pytest
import torch

from tests.transforms.made_ultrasound import GREY, RGB, check_habits, letterboxed
from transforms.drawn_marks import MARKS, drawn_marks
from transforms.mark_simulation import RandBurntInMarksd, marked


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandBurntInMarksd, "image"), {"opacity": 0})


def test_ink_covers_and_the_rest_stays() -> None:
    coverage = drawn_marks(*GREY.shape[1:], ["caliper"], 0.2, 5)
    found = marked(RGB, ["caliper"], 1.0, 0.9, 0.2, 5)
    assert (found[:, coverage == 1] == 0.9).all() and (coverage == 1).any()
    assert torch.equal(found[:, coverage == 0], RGB[:, coverage == 0])
    half = marked(RGB, ["caliper"], 0.5, 0.9, 0.2, 5)
    torch.testing.assert_close(half, (RGB + found) / 2)


def test_a_letterbox_holds_none() -> None:
    image = letterboxed()
    found = marked(image, list(MARKS), 1.0, 0.9, 0.3, 5)
    assert torch.equal(found[:, 10:30], marked(image[:, 10:30], list(MARKS), 1.0, 0.9, 0.3, 5))
    assert not torch.equal(found, image) and float(found.sum()) != float(image.sum())
    assert torch.equal(found[:, :10], image[:, :10]) and torch.equal(found[:, 30:], image[:, 30:])


def test_every_kind_is_drawn_and_one_at_least() -> None:
    transform = RandBurntInMarksd("image").set_random_state(0)
    drawn = [transform.drawn().kinds for _ in range(60)]
    assert min(map(len, drawn)) == 1 and max(map(len, drawn)) == 3
    assert {kind for kinds in drawn for kind in kinds} == set(MARKS)
    only = RandBurntInMarksd("image", kinds="text").set_random_state(0)
    assert {only.drawn().kinds for _ in range(5)} == {("text",)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kinds": ["logo"]}, r"kinds is \['logo'\]; expected some of caliper, text, body_mark"),
        ({"kinds": []}, r"kinds is \[\]; expected some of"),
        ({"opacity": 2}, "opacity is 2; expected a number"),
        ({"ink": (0.5, 1.1)}, r"ink is \(0.5, 1.1\); expected a number"),
        ({"size": 0}, "size is 0; expected a number"),
    ],
)
def test_bad_settings_are_named(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        RandBurntInMarksd("image", **given)
