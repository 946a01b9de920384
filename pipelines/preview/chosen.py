"""The images that stand for all: from every fold and from many groups, the same each time."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from pipelines.datasets.dataset import Item


def choose(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    """Chooses images, spread over folds and groups.

    The folds take turns; within a fold no group gives a second image before every other group has
    given one. Which come first, the seed decides, from the names alone: neither the order of the
    items nor those that are added later reorder the others.

    Args:
        items: entries of dataset.json that have a fold.
        count: at most so many are chosen.
        seed: another one chooses others.

    Returns:
        The chosen items, sorted by fold, then by the image's name.
    """
    turns = [
        (turn, item["fold"], item)
        for members in _by(items, "fold").values()
        for turn, item in enumerate(_by_turns(members, seed))
    ]
    turns.sort(key=lambda each: each[:2])
    chosen = [item for _, _, item in turns[:count]]
    return sorted(chosen, key=lambda item: (item["fold"], item["image"]))


def _by_turns(items: Sequence[Item], seed: int) -> list[Item]:
    """Orders the images of a fold: the first of every group, then the second ones, and so on."""
    ranked = [
        (turn, _lot(seed, item["image"]), item)
        for members in _by(items, "group").values()
        for turn, item in enumerate(sorted(members, key=lambda each: _lot(seed, each["image"])))
    ]
    ranked.sort(key=lambda each: each[:2])
    return [item for _, _, item in ranked]


def _by(items: Sequence[Item], key: str) -> dict[object, list[Item]]:
    """Sorts items into lists by the value of a key."""
    lists: dict[object, list[Item]] = defaultdict(list)
    for item in items:
        lists[item[key]].append(item)
    return lists


def _lot(seed: int, name: str) -> str:
    """Draws a number for a name: the same on every machine."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
