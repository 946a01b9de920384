"""Pairs of images that show the same: exact copies by their pixels, near-duplicates by looks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import duplicates
from pipelines.datasets.audit.case import Case
from pipelines.datasets.duplicate_orientations import orient

_MOST = 50_000  # pairs that are all taken: the frames of films make millions

TURNS = (
    "",
    "turned a quarter to the left",
    "upside down",
    "turned a quarter to the right",
    "flipped left to right",
    "flipped and turned a quarter to the left",
    "flipped top to bottom",
    "flipped and turned a quarter to the right",
)
"""How the second image of a pair stands to the first, in the order of ``orient``."""


@dataclass(frozen=True)
class Pair:
    """Two images that show the same.

    Attributes:
        first: the one that comes first in the dataset.
        second: the other.
        exact: whether all pixels are equal.
        turn: how the second must be turned to lie on the first: one of ``TURNS``.
    """

    first: Case
    second: Case
    exact: bool
    turn: str = ""

    @property
    def cases(self) -> tuple[Case, Case]:
        """Both."""
        return self.first, self.second

    def content(self) -> dict[str, Any]:
        """Gives the pair as audit.json holds it."""
        kind = "exact" if self.exact else "near"
        names = {"first": self.first.image, "second": self.second.image, "kind": kind}
        return names | ({"turn": self.turn} if self.turn else {})


@dataclass(frozen=True)
class Copies:
    """The small copies of the images that show something.

    Attributes:
        smalls: the copies (n, SIDE, SIDE), uint8.
        places: the number of the image of each, ascending.
    """

    smalls: NDArray[np.uint8]
    places: Sequence[int]

    def of(self, place: int) -> NDArray[np.uint8]:
        """Gives the copy of an image."""
        return self.smalls[bisect_left(self.places, place)]


def shows(case: Case) -> bool:
    """Tells whether an image can be read and shows anything: only then it can be a duplicate."""
    return not case.measured.problem and not case.measured.silent


def all_pairs(cases: Sequence[Case], near: duplicates.Pairs) -> duplicates.Pairs:
    """Joins near-duplicates with exact ones, but for images that show nothing.

    Args:
        cases: the images.
        near: the near-duplicates among them, as indices (n, 2).

    Returns:
        Indices (n, 2), first < second, sorted.
    """
    shown = np.array([shows(case) for case in cases])
    firsts: dict[str, int] = {}
    exact = [
        (firsts.setdefault(case.measured.digest, place), place)
        for place, case in enumerate(cases)
        if shown[place]
    ]
    both = np.concatenate([np.sort(near, axis=1), np.array(exact, np.int64).reshape(-1, 2)])
    telling = shown[both].all(axis=1) & (both[:, 0] != both[:, 1])
    return np.unique(both[telling], axis=0)


def make_pairs(
    cases: Sequence[Case], found: duplicates.Pairs, copies: Copies | None = None
) -> list[Pair]:
    """Makes pairs of indices to pairs of images.

    Args:
        cases: the images.
        found: indices (n, 2), as ``all_pairs`` gives them. Of very many only so many are taken that
            every image is in one of each kind (across folds, of two classes, …) that it is in.
        copies: by which it is seen how one image is turned to the other.

    Returns:
        The pairs, sorted.
    """
    chosen = found if len(found) <= _MOST else found[_telling(cases, found)]
    return [_pair(cases, first, second, copies) for first, second in chosen.tolist()]


def _pair(cases: Sequence[Case], first: int, second: int, copies: Copies | None) -> Pair:
    one, other = cases[first], cases[second]
    exact = one.measured.digest == other.measured.digest
    turn = "" if exact or copies is None else turn_of(copies.of(first), copies.of(second))
    return Pair(one, other, exact, turn)


def _telling(cases: Sequence[Case], found: duplicates.Pairs) -> NDArray[np.int64]:
    """Finds the first pair of each image of each kind: what is equal of the two, and what not."""
    kind = np.zeros(len(found), dtype=np.int64)
    for key in ("place", "part", "category", "group"):
        codes: dict[Any, int] = {}
        values = [codes.setdefault(getattr(case, key), len(codes)) for case in cases]
        sides = np.array(values, dtype=np.int64)[found]
        kind = 2 * kind + (sides[:, 0] == sides[:, 1])
    firsts = [
        np.unique(kind * len(cases) + found[:, side], return_index=True)[1] for side in (0, 1)
    ]
    return np.unique(np.concatenate(firsts))


def turn_of(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> str:
    """Finds how one small copy must be turned to look like another.

    Args:
        first: (SIDE, SIDE), and
        second: that which is turned.

    Returns:
        One of ``TURNS``.
    """
    fixed = _centred(first)
    likeness = [float((fixed * _centred(orient(second, turn))).sum()) for turn in range(8)]
    # As it stands, unless another way is better by more than rounding.
    best = int(np.argmax(likeness))
    return TURNS[best if likeness[best] > 1.02 * likeness[0] else 0]


def _centred(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = picture.astype(np.float64)
    return values - values.mean()


def cluster_names(cases: Sequence[Case], found: duplicates.Pairs) -> list[list[str]]:
    """Joins pairs to clusters: what hangs together through any chain of pairs.

    Args:
        cases: the images.
        found: pairs of their indices (n, 2).

    Returns:
        The paths of the images of each cluster of several, in order.
    """
    members: dict[int, list[str]] = {}
    numbers = duplicates.clusters(len(cases), found).tolist()
    for case, number in zip(cases, numbers, strict=True):
        members.setdefault(number, []).append(case.image)
    return [images for images in members.values() if len(images) > 1]
