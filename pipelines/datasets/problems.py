"""What a person must mend: collected and reported together, or left out where they say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pipelines.datasets.layouts.sample import Problem
from pipelines.errors import InputError

LeftOut = dict[str, str]
"""One entry of ``source.left_out`` in dataset.json: ``source`` and ``reason``."""

_NAMED = 10  # lines of one kind that are shown before the rest is only counted


def shortened(lines: Sequence[str]) -> list[str]:
    """Keeps the first lines and counts the others."""
    rest = len(lines) - _NAMED
    return [*lines[:_NAMED], *([f"and {rest} more"] if rest > 0 else [])]


def refuse(raw: Path, problems: Sequence[Problem]) -> None:
    """Raises all problems as one error, if there are any.

    Raises:
        InputError: with one problem its line, else the first lines and how many there are.
    """
    lines = list(dict.fromkeys(problem.line for problem in problems))
    if len(lines) == 1:
        raise InputError(lines[0])
    if lines:
        head = f"{len(lines)} problems in {raw}; nothing was written:"
        raise InputError("\n  ".join([head, *shortened(lines)]))


def reason_lines(left_out: Sequence[LeftOut]) -> list[str]:
    """Gives each reason once, with the number of the images that share it, where several do.

    The slices of a broken volume share one.
    """
    counts = Counter(each["reason"] for each in left_out)
    return [line if count == 1 else f"{line} ({count} images)" for line, count in counts.items()]


def as_left_out(problems: Sequence[Problem]) -> list[LeftOut]:
    """Makes entries of dataset.json of problems, one for each source."""
    reasons: dict[str, list[str]] = {}
    for problem in problems:
        reasons.setdefault(problem.source, []).append(problem.line)
    return [
        {"source": source, "reason": "; ".join(dict.fromkeys(lines))}
        for source, lines in reasons.items()
    ]
