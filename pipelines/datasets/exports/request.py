"""What a person asked an export for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.dataset import Dataset

Say = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """An export to do.

    Attributes:
        dataset: the dataset, checked.
        folder: the empty folder to fill.
        out: where that folder will be in the end; only its name matters to a writer.
        size: side of the square images of ``npz``, pixels.
        fold: the fold that ``yolo`` keeps for the test, or, where the dataset has a part
            ``testing``, for validation.
        number: the dataset number of ``nnunet``.
        workers: number of processes. It changes no byte.
        say: called with every line that a person should read.
    """

    dataset: Dataset
    folder: Path
    out: Path
    size: int
    fold: int
    number: int
    workers: int
    say: Say
