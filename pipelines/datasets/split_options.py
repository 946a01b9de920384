"""How to divide a dataset."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.held_out import check_share
from pipelines.datasets.joined_groups import GROUP
from pipelines.datasets.options import DEFAULT_FOLDS
from pipelines.errors import InputError

CLASS = "class"
ALLOW_RARE = "--allow-rare"


@dataclass(frozen=True)
class SplitOptions:
    """How to divide a dataset.

    Attributes:
        folds: number of folds, from 3.
        test: share of the images that becomes the part ``testing``; 0 for none.
        group: a column whose values are joined with the groups; ``group`` for none.
        stratify: the columns that shall be spread evenly.
        seed: of all that is random.
        leave_out: a column that makes one fold for each of its values, or nothing.
        keep_test: whether the part ``testing`` stays as it is.
        allow_rare: whether a class with fewer groups than folds may stand in some folds only.
        leaky: whether to divide image by image, as if there were no groups.
    """

    folds: int = DEFAULT_FOLDS
    test: float = 0.0
    group: str = GROUP
    stratify: tuple[str, ...] = (CLASS,)
    seed: int = 0
    leave_out: str | None = None
    keep_test: bool = False
    allow_rare: bool = False
    leaky: bool = False


def check_options(dataset: Dataset, options: SplitOptions) -> None:
    """Refuses options that contradict one another.

    Args:
        dataset: the dataset to divide.
        options: how.

    Raises:
        InputError: they do; the message says which of them to leave out.
    """
    check_share(options.test)
    if options.keep_test and options.test:
        raise InputError("--keep-test keeps the part testing, and --test makes one; give one only")
    if options.keep_test and not dataset.testing:
        raise InputError(
            f"--keep-test: {dataset.folder} has no part testing to keep; make one by --test 0.15"
        )
    if options.leaky and options.leave_out:
        raise InputError(
            "--leaky divides image by image and --leave-out by a column; give one only"
        )
