"""What a sheet of the dataset's images shows: those of a class, of a flag, or of a finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.datasets.dataset import Dataset, Item
from pipelines.datasets.table import nearest
from pipelines.errors import InputError
from pipelines.preview.chosen import choose


class Selection(NamedTuple):
    """The images of one sheet.

    Attributes:
        kind: ``class``, ``flag`` or ``finding``.
        name: of the class, the flag or the audit's check.
        items: the images that are shown, in their order.
        among: all images of that name, from which they were chosen.
        text: what the audit found.
        pairs: how many pairs there are, where ``items`` are pairs, one image beside the other; an
            image of two pairs stands there twice.
    """

    kind: str
    name: str
    items: tuple[Item, ...]
    among: tuple[Item, ...]
    text: str = ""
    pairs: int = 0


def wanted(dataset: Dataset, classes: Sequence[str], fold: int | None) -> tuple[Item, ...]:
    """Gives the images that a preview is about; the part testing is never one of them.

    Args:
        dataset: the dataset.
        classes: names of classes; all where there are none.
        fold: of this fold alone.

    Returns:
        Entries of ``training``.

    Raises:
        InputError: there is no such class or fold, or none of its images is in that fold.
    """
    known = sorted({item["class"] for item in dataset.items})
    for name in classes:
        if name not in known:
            meant = nearest(name, known)
            hint = f'; did you mean "{meant}"?' if meant else ""
            raise InputError(
                f"there is no class {name!r}; the classes are {', '.join(known)}{hint}"
            )
    if fold is not None and fold not in dataset.folds:
        raise InputError(f"there is no fold {fold}; the folds are 0 to {dataset.folds[-1]}")
    items = tuple(item for item in dataset.items if fold in (None, item["fold"]))
    for name in classes:
        if not any(item["class"] == name for item in items):
            raise InputError(f"fold {fold} has no image of class {name!r}; give another --fold")
    return tuple(item for item in items if item["class"] in (classes or known))


def class_selections(items: Sequence[Item], count: int, seed: int) -> list[Selection]:
    """Chooses the images of every class.

    Args:
        items: the images to choose from.
        count: most images of a sheet.
        seed: of the choice.

    Returns:
        One selection for each class, sorted by name.
    """
    return [
        Selection("class", name, tuple(choose(members, count, seed)), members)
        for name in sorted({item["class"] for item in items})
        for members in [tuple(item for item in items if item["class"] == name)]
    ]
