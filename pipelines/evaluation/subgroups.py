"""Parts of a table of cases by the values of a column."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation.cases import FLAGS

MOST_VALUES = 50
"""More subgroups than that are no subgroups: the column is a name of each image."""

EMPTY = "(empty)"
NO_FLAG = "(none)"
LESION_AREA = "lesion_area"
NO_LESION = "(no lesion)"


def subgroups(cases: pd.DataFrame, column: str, bins: int = 4) -> dict[str, pd.Series]:
    """Divides cases by a column.

    Args:
        cases: table of cases.
        column: its name. ``flags`` gives a part for each word, which may overlap, and one without.
            A column of more different numbers than ``bins`` is divided at its quantiles, others by
            their values; empty cells are a part of their own, and so are images without a lesion
            where the column is ``lesion_area``.
        bins: number of quantile bins of a column of numbers.

    Returns:
        Name of each part to whether a case is in it, (cases,).

    Raises:
        InputError: there is no such column, it has too many values, or a number is infinite.
    """
    if column not in cases:
        raise InputError(
            f"--by {column}: there is no such column; there are {', '.join(cases.columns)}; "
            "give others by --columns TABLE.csv"
        )
    cells = cases[column]
    if column == FLAGS:
        return _by_words(cells.astype(str))
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    is_empty = cells.isna() | (cells.astype(str) == "")
    are_numbers = (numbers.notna() | is_empty).all()
    if are_numbers:
        _check_finite(cases, column, numbers)
    if are_numbers and column == LESION_AREA:
        parts = _by_quantiles(numbers.where(numbers > 0), bins)
        return {NO_LESION if name == EMPTY else name: part for name, part in parts.items()}
    if are_numbers and numbers.nunique() > bins:
        return _by_quantiles(numbers, bins)
    names = cells.astype(str).where(~is_empty, EMPTY)
    if names.nunique() > MOST_VALUES:
        raise InputError(
            f"--by {column}: {names.nunique()} different values; expected at most {MOST_VALUES}"
        )
    return {str(name): names == name for name in sorted(names.unique())}


def _check_finite(cases: pd.DataFrame, column: str, numbers: pd.Series) -> None:
    """Refuses numbers that lie in no bin."""
    infinite = np.isinf(numbers)
    if infinite.any():
        place = int(np.flatnonzero(infinite)[0])
        name = repr(cases["id"].iloc[place]) if "id" in cases else f"number {place + 1}"
        raise InputError(
            f"--by {column}: {cases[column].iloc[place]!r} of image {name} lies in no bin; "
            "expected finite numbers, or an empty cell where it is not known"
        )


def _by_words(cells: pd.Series) -> dict[str, pd.Series]:
    words = cells.map(lambda text: {word.strip() for word in text.split(",")} - {""})
    every = sorted(set().union(*words))
    parts = {word: words.map(lambda found, word=word: word in found) for word in every}
    return {**parts, NO_FLAG: words.map(lambda found: not found)}


def _by_quantiles(numbers: pd.Series, bins: int) -> dict[str, pd.Series]:
    """Divides by the quantiles of the numbers; the first bin holds its lower bound, too."""
    known = numbers[numbers.notna()]
    bounds = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1))) if len(known) else known
    if len(bounds) == 1:
        bounds = np.repeat(bounds, 2)
    parts = {}
    for place, (low, high) in enumerate(pairwise(bounds)):
        above = numbers >= low if place == 0 else numbers > low
        sign = "" if place == 0 else ">"
        parts[f"{sign}{low:g} to {high:g}"] = above & (numbers <= high)
    return parts | ({EMPTY: numbers.isna()} if numbers.isna().any() else {})
