"""How to convert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.datasets.dataset import LEAST_FOLDS
from pipelines.errors import InputError

DEFAULT_FOLDS = 5


@dataclass(frozen=True)
class Options:
    """How to convert.

    Attributes:
        task: what the dataset is for; where not given, what the data say, else the first task of
            the layout.
        classes: class names in the order of their indices, or nothing.
        mapping: values that masks may hold besides 0 and 255, each with its class index.
        kind: the format of the files, ``png`` or ``nifti``.
        size: the longest side that images may have, pixels; larger ones are shrunk.
        channels: 1 (grey) or 3 (RGB); what the layout says where not given.
        folds: number of folds.
        keep_split: whether the test part of data that came split is kept apart.
        seed: of the assignment of folds.
        workers: number of processes; all cores where it is not given. It changes no byte.
        limit: how many images to take, spread over the classes; all where not given.
        skip_bad: whether to go on without what cannot be converted.
        keep_conflicts: whether near-duplicates of different classes stay in.
        overwrite: whether a dataset folder in the way may be replaced.
        dry_run: whether to read and check everything and write nothing.
        audit: whether the new folder is audited, and marks that are found become flags; not in a
            dry run.
        layout: the layout's own options by name.
    """

    task: str | None = None
    classes: tuple[str, ...] = ()
    mapping: Mapping[int, int] | None = None
    kind: str = "png"
    size: int | None = None
    channels: int | None = None
    folds: int = DEFAULT_FOLDS
    keep_split: bool = False
    seed: int = 0
    workers: int | None = None
    limit: int | None = None
    skip_bad: bool = False
    keep_conflicts: bool = False
    overwrite: bool = False
    dry_run: bool = False
    audit: bool = True
    layout: Mapping[str, Any] = field(default_factory=dict)


def folds_of_share(share: float) -> int:
    """Gives the number of folds of which one holds a share of the images.

    Args:
        share: what validates, such as 0.2.

    Returns:
        The number, from 3 (one fold is scored, one validates, the others train).

    Raises:
        InputError: the share is not between 0 and a half.

    Examples:
        >>> folds_of_share(0.2), folds_of_share(0.1), folds_of_share(0.4)
        (5, 10, 3)
    """
    if not 0 < share <= 0.5:
        raise InputError(
            f"--val {share:g} is no share that one fold can hold; expected more than 0 and at "
            "most 0.5, such as 0.2"
        )
    return max(LEAST_FOLDS, round(1 / share))
