"""Near-duplicates of different classes: nobody knows which class is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipelines.datasets.duplicates import Pairs
from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.problems import LeftOut, shortened
from pipelines.errors import InputError


def without_conflicts(
    samples: Sequence[Sample], pairs: Pairs, keep: bool, say: Callable[[str], None]
) -> tuple[list[int], list[LeftOut]]:
    """Leaves out both images of a pair that has two classes.

    Args:
        samples: the samples.
        pairs: the near-duplicates among them, as indices (n, 2).
        keep: whether they shall be named only, and stay.
        say: called with the lines that name them.

    Returns:
        The indices that stay, and what was left out, both in order.

    Raises:
        InputError: nothing of a class would be left.
    """
    numbers = {name: number for number, name in enumerate({s.category: 0 for s in samples})}
    codes = np.array([numbers[sample.category] for sample in samples], dtype=np.int64)
    conflicts = pairs[codes[pairs[:, 0]] != codes[pairs[:, 1]]]
    if len(conflicts):
        action = "kept" if keep else "left out"
        say(f"{action}: both images of near-duplicate pairs with two classes ({len(conflicts)}):")
        lines = [f'"{samples[i].source}" and "{samples[j].source}"' for i, j in conflicts]
        for line in shortened(lines):
            say(f"  {line}")
    reasons: dict[int, str] = {}
    for one, other in () if keep else conflicts.tolist():
        reasons.setdefault(one, f"near-duplicate of {samples[other].source}")
        reasons.setdefault(other, f"near-duplicate of {samples[one].source}")
    kept = [index for index in range(len(samples)) if index not in reasons]
    _check_left(samples, kept)
    left = [{"source": samples[i].source, "reason": reasons[i]} for i in sorted(reasons)]
    return kept, left


def _check_left(samples: Sequence[Sample], kept: Sequence[int]) -> None:
    """Refuses to leave out a whole class."""
    if not kept:
        raise InputError("every image is a near-duplicate of one of another class; nothing is left")
    gone = {sample.category for sample in samples} - {samples[index].category for index in kept}
    if gone:
        raise InputError(
            f"every image of {', '.join(sorted(gone))} is a near-duplicate of one of another "
            "class; was a class folder copied? Mend that, or keep them all by --keep-conflicts"
        )
