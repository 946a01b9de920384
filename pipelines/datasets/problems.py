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


class ProblemsError(InputError):
    """Problems of the images, of which the message shows the first ones.

    Attributes:
        problems: all of them.
    """

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = as_left_out(problems)


def shortened(lines: Sequence[str]) -> list[str]:
    """Keeps the first lines and counts the others."""
    rest = len(lines) - _NAMED
    return [*lines[:_NAMED], *([f"and {rest} more"] if rest > 0 else [])]


def refuse(raw: Path, problems: Sequence[Problem], escape: str = "") -> None:
    """Raises all problems as one error, if there are any.

    Args:
        raw: the raw folder.
        problems: what is wrong.
        escape: an option that leaves these images out and converts the others; "" for none.

    Raises:
        ProblemsError: with one problem its line, else the first lines and how many there are.
    """
    lines = list(dict.fromkeys(problem.line for problem in problems))
    if len(lines) == 1:
        way = f" ({escape} leaves it out)" if escape and escape not in lines[0] else ""
        raise ProblemsError(lines[0] + way, problems)
    if lines:
        way = f" ({escape} leaves these out)" if escape else ""
        head = f"{len(lines)} problems in {raw}; nothing was written{way}:"
        raise ProblemsError("\n  ".join([head, *shortened(lines)]), problems)


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
