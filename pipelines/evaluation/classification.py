"""The table of cases of a classification: its columns, and the row that one image makes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.errors import InputError
from pipelines.evaluation.cases import (
    FLAGS,
    FLAGS_COLUMN,
    LEAKY,
    LEAKY_COLUMN,
    NAME,
    SEGMENTATION_COLUMNS,
    SHARE,
    Column,
)

PREFIX = "p_"
"""Put before a class's name: the column of its probability."""


def classification_columns(labels: Sequence[str]) -> dict[str, Column]:
    """Gives the columns of cases.csv for a classification.

    Args:
        labels: the class names in the order of their indices.

    Returns:
        Column by name: ``id``, ``group``, ``fold``, ``class`` (the true one), ``predicted``,
        ``flags``, ``p_<class>`` for each class, and ``leaky``.
    """
    probability = SHARE._replace(expected="a number from 0 to 1", may_be_empty=False)
    return {
        "id": NAME,
        "group": NAME,
        "fold": SEGMENTATION_COLUMNS["fold"],
        "class": Column(_one_of(labels), "str", f"one of {', '.join(labels)}"),
        "predicted": Column(_one_of(labels), "str", f"one of {', '.join(labels)}"),
        FLAGS: FLAGS_COLUMN,
        **{PREFIX + name: probability for name in labels},
        LEAKY: LEAKY_COLUMN,
    }


def classification_row(
    item: Mapping[str, Any], probabilities: Sequence[float], labels: Sequence[str]
) -> dict[str, object]:
    """Makes the row of one image.

    Args:
        item: holds ``id``, ``group``, ``fold``, ``class`` and perhaps ``flags``.
        probabilities: of each class, in [0, 1].
        labels: the class names in the order of their indices.

    Raises:
        InputError: a probability is NaN.
    """
    check_probabilities(str(item["id"]), probabilities)
    best = int(np.argmax(probabilities))
    return {
        "id": str(item["id"]),
        "group": str(item["group"]),
        "fold": item["fold"],
        "class": str(item["class"]),
        "predicted": labels[best],
        FLAGS: str(item.get(FLAGS) or ""),
        **{PREFIX + n: float(p) for n, p in zip(labels, probabilities, strict=True)},
    }


def check_probabilities(name: str, probabilities: Sequence[float]) -> None:
    """Refuses an answer of which argmax would make a class all the same.

    Args:
        name: of the image.
        probabilities: of each class.

    Raises:
        InputError: one is NaN.
    """
    if any(math.isnan(p) for p in probabilities):
        raise InputError(
            f"{name}: the model answers the probabilities {list(probabilities)}; expected numbers. "
            "Train again with a lower learning_rate, or take the model of another run"
        )


def _one_of(names: Sequence[str]) -> Any:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return parse
