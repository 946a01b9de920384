"""Strata: what shall be spread evenly over the folds, several columns at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

Say = Callable[[str], None]
Stratum = tuple[str, ...]

MISSING = "(none)"
"""The value of images that have none."""

REST = "(rest)"
"""Stands for the values of strata that are too small to be spread."""

_NAMED = 3  # small strata that the warning names


def joint_strata(
    columns: Sequence[Sequence[str]],
    groups: Sequence[str],
    least: int,
    warn: Say,
) -> list[str]:
    """Makes one stratum of each combination of values, as far as it has enough groups.

    What is too small is spread together with the other small strata of the same first value, else
    with the largest stratum of that value, so that the first column is spread best. The strata of a
    single column stay as they are.

    Args:
        columns: the values of each column, (columns, images).
        groups: the group of each image.
        least: how many groups a stratum needs: the number of folds.
        warn: takes the line that names the strata that are too small.

    Returns:
        The name of the stratum of each image, its values joined by " / ".
    """
    strata: list[Stratum] = list(zip(*columns, strict=True))
    small = _small(strata, groups, least)
    if small:
        warn(_told(small, least, several=len(columns) > 1))
    if len(columns) == 1:
        return [value for (value,) in strata]
    strata = [(each[0], REST) if each in small else each for each in strata]
    still = _small(strata, groups, least)
    homes = _largest(strata, still)
    return [" / ".join(homes.get(each[0], each) if each in still else each) for each in strata]


def _small(strata: Sequence[Stratum], groups: Sequence[str], least: int) -> dict[Stratum, int]:
    """Gives the strata that have fewer groups than needed, with their number."""
    counts = Counter(stratum for stratum, _ in set(zip(strata, groups, strict=True)))
    return {stratum: counts[stratum] for stratum in sorted(counts) if counts[stratum] < least}


def _largest(strata: Sequence[Stratum], small: dict[Stratum, int]) -> dict[str, Stratum]:
    """Gives the largest stratum of each first value that has one of sufficient size."""
    sizes: dict[str, Counter[Stratum]] = defaultdict(Counter)
    for stratum in strata:
        if stratum not in small:
            sizes[stratum[0]][stratum] += 1
    return {
        first: min(counts, key=lambda each: (-counts[each], each))
        for first, counts in sizes.items()
    }


def _told(small: dict[Stratum, int], least: int, several: bool) -> str:
    """Names the strata that are too small."""
    then = (
        "are spread with others of the same first value"
        if several
        else "stand in some of them only"
    )
    names = [
        f"{' / '.join(stratum)} ({count} group{'s' if count > 1 else ''})"
        for stratum, count in list(small.items())[:_NAMED]
    ]
    rest = f" and {len(small) - _NAMED} more" if len(small) > _NAMED else ""
    return (
        f"strata with fewer groups than the {least} folds ({len(small)}) {then}: "
        f"{', '.join(names)}{rest}"
    )
