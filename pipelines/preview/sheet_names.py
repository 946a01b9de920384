"""File names of sheets: each is one that every file system takes, and no two are the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 60  # characters of the name, which may be four bytes each


def sheet_names(sheets: Iterable[tuple[str, str]]) -> list[str]:
    """Names the files.

    Args:
        sheets: of each, its kind (such as ``class``) and its name (such as ``benign``).

    Returns:
        Names such as ``class_benign.png``. What a file name may not hold becomes ``_``; of two
        that would be the same, also where upper and lower case are one, the second gets ``_2``.
    """
    names: list[str] = []
    taken: set[str] = set()
    for kind, name in sheets:
        stem = f"{kind}_{_plain(name)}"
        number, free = 1, stem
        while free.casefold() in taken:
            number += 1
            free = f"{stem}_{number}"
        taken.add(free.casefold())
        names.append(f"{free}.png")
    return names


def _plain(name: str) -> str:
    """Replaces what is no letter, digit, or one of ``. _ -``."""
    return re.sub(r"[^\w.-]+", "_", name)[:_LONGEST]
