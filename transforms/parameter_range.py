"""The parameters of a random change: numbers and ranges, checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Range = float | Sequence[float]
"""A number, for a parameter that is always the same, or its lowest and its highest value."""


def parameter(name: str, given: float, least: float, most: float, *, whole: bool = False) -> float:
    """Check a number.

    Args:
        name: of the parameter, for the message.
        given: the number.
        least: it may not be smaller.
        most: it may not be larger.
        whole: whether it has to be a whole number.

    Returns:
        The number.

    Raises:
        ValueError: it is no such number.
    """
    if not _is_number(given) or not least <= given <= most or (whole and given != int(given)):
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} is {given!r}; expected {kind} from {least:g} to {most:g}")
    return float(given)


def parameter_range(name: str, given: Range, least: float, most: float) -> tuple[float, float]:
    """Check a range.

    Args:
        name: of the parameter, for the message.
        given: a number, or the lowest and the highest one.
        least: no value may be smaller.
        most: no value may be larger.

    Returns:
        The lowest and the highest value.

    Raises:
        ValueError: it is no number and no pair, the pair falls, or it leaves the limits.

    Examples:
        >>> parameter_range("strength", 0.5, 0, 1)
        (0.5, 0.5)
    """
    pair: list[Any] = list(given) if isinstance(given, list | tuple) else [given, given]
    if len(pair) == 2 and all(map(_is_number, pair)) and least <= pair[0] <= pair[1] <= most:
        return float(pair[0]), float(pair[1])
    raise ValueError(
        f"{name} is {given!r}; expected a number, or the lowest and the highest one, from "
        f"{least:g} to {most:g}"
    )


def _is_number(value: Any) -> bool:
    """Tells whether a value is a finite number, and not a yes or no."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
