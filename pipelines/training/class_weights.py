"""How much the images of each class weigh in the loss."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ignite.distributed as idist

from pipelines.errors import InputError
from pipelines.training.settings import is_none

_LOG = logging.getLogger("med2d")
_EXPECTED = 'expected auto, null, or a number above 0 for each class, such as {"benign": 1, …}'

Choice = str | Sequence[float] | Mapping[str, float] | None


def class_weights(
    choice: Choice, items: Sequence[Mapping[str, Any]], labels: Sequence[str], exponent: float = 1.0
) -> list[float] | None:
    """Give the weight of each class, so that the mean over the training images is 1.

    Args:
        choice: ``auto``: (images / images of the class) to the power of ``exponent``; numbers by
            hand, in the order of ``labels`` or by name; None for no weights.
        items: the training images, with ``class``; every class has some.
        labels: the class names in the order of their indices.
        exponent: for ``auto``: 1 lets every class weigh alike, 0 every image; 0.5 lies between.

    Returns:
        Weights in the order of ``labels``, or None.

    Raises:
        InputError: the choice is none of these.
    """
    if is_none(choice):
        return None
    counts = Counter(item["class"] for item in items)
    if isinstance(choice, str) and choice == "auto":
        raw = [(len(items) / counts[name]) ** exponent for name in labels]
    else:
        raw = _by_hand(choice, labels)
    mean = sum(raw[i] * counts[name] for i, name in enumerate(labels)) / len(items)
    weights = [value / mean for value in raw]
    if idist.get_rank() == 0:
        shown = ", ".join(f"{n} {w:.2f}" for n, w in zip(labels, weights, strict=True))
        _LOG.info(f"class weights: {shown}")
    return weights


def _by_hand(choice: Choice, labels: Sequence[str]) -> list[float]:
    if isinstance(choice, Mapping):
        if set(choice) != set(labels):
            raise InputError(
                f"class_weights names {', '.join(map(str, choice))}; the classes are "
                f"{', '.join(labels)}"
            )
        values: list[Any] = [choice[name] for name in labels]
    elif isinstance(choice, Sequence) and not isinstance(choice, str):
        values = list(choice)
    else:
        raise InputError(f"class_weights is {choice!r}; {_EXPECTED}")
    if len(values) != len(labels) or not all(map(_is_weight, values)):
        raise InputError(
            f"class_weights is {choice!r}; {_EXPECTED}; the classes are {', '.join(labels)}"
        )
    return [float(value) for value in values]


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
