"""Weights by class: counted, given by hand or none; their mean over the images is always 1."""

import logging
from typing import Any

import pytest

from pipelines.errors import InputError
from pipelines.training.class_weights import class_weights

ITEMS = [{"class": name} for name in "aaaaaaaab"]  # eight and one
LABELS = ["a", "b"]


def mean(weights: list[float] | None) -> float:
    assert weights is not None
    return (8 * weights[0] + weights[1]) / 9


@pytest.mark.parametrize(("exponent", "ratio"), [(0, 1), (0.5, 8**0.5), (1, 8)])
def test_rare_classes_weigh_more_by_the_exponent(exponent: float, ratio: float) -> None:
    weights = class_weights("auto", ITEMS, LABELS, exponent)
    assert weights is not None
    assert weights[1] / weights[0] == pytest.approx(ratio)
    assert mean(weights) == pytest.approx(1)


@pytest.mark.parametrize("choice", [[1, 3], {"b": 3, "a": 1}])
def test_weights_by_hand_keep_their_ratio(choice: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    weights = class_weights(choice, ITEMS, LABELS)
    assert weights is not None
    assert weights[1] / weights[0] == pytest.approx(3)
    assert mean(weights) == pytest.approx(1)
    assert "class weights: a 0.82, b 2.45" in caplog.text


@pytest.mark.parametrize("choice", [None, "null"])  # the command line makes a word of null
def test_none_are_none(choice: Any) -> None:
    assert class_weights(choice, ITEMS, LABELS) is None


@pytest.mark.parametrize(
    "choice", ["equal", 3, [1], [1, 2, 3], [1, 0], [1, float("nan")], [1, True], {"a": 1}, ["1", 2]]
)
def test_anything_else_is_refused(choice: Any) -> None:
    with pytest.raises(InputError, match="class_weights"):
        class_weights(choice, ITEMS, LABELS)
