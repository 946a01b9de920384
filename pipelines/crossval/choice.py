"""Which folds and which seeds a cross-validation is of, as people name them."""

from __future__ import annotations

import re
import shlex

from pipelines.datasets.dataset import Dataset, parts
from pipelines.errors import InputError

_LIST = re.compile(r"\s*\d+\s*(,\s*\d+\s*)*,?\s*")


def chosen_folds(text: str | None, dataset: Dataset) -> list[int]:
    """Gives the folds that are scored.

    Args:
        text: how many folds the dataset is said to have, such as ``5``; or some of them, such as
            ``0,2`` or ``0,``; None for all.
        dataset: the dataset.

    Returns:
        Fold numbers in rising order.

    Raises:
        InputError: the dataset has fewer than three folds, another number than was said, or not
            those that were named.
    """
    known = dataset.folds
    parts(dataset, known[0] if known else 0)  # refuses too few
    if text is None:
        return known
    numbers = _numbers(text, "--folds")
    if "," in text:
        unknown = [number for number in numbers if number not in known]
        if unknown:
            raise InputError(
                f"--folds {text}: fold {unknown[0]} does not exist; {dataset.folder} has the folds "
                f"0 to {known[-1]}"
            )
        return sorted(numbers)
    if numbers[0] != len(known):
        folder = shlex.quote(str(dataset.folder))
        raise InputError(
            f"--folds {text}: {dataset.folder} has {len(known)} folds; divide it anew by med2d "
            f"split {folder} --folds {text}, leave --folds out to take all, or name some of them, "
            "as in --folds 0,1"
        )
    return known


def chosen_seeds(text: str) -> list[int]:
    """Gives the seeds that are trained.

    Args:
        text: how many, such as ``3`` for 0, 1 and 2; or which, such as ``3,5`` or ``7,``.

    Raises:
        InputError: it is neither, or names one twice.

    Examples:
        >>> chosen_seeds("3"), chosen_seeds("3,5"), chosen_seeds("7,")
        ([0, 1, 2], [3, 5], [7])
    """
    numbers = _numbers(text, "--seeds")
    if "," in text:
        return sorted(numbers)
    if not 1 <= numbers[0] <= 1000:
        raise InputError(
            f"--seeds {text}: expected how many, from 1 to 1000, or a list such as {text},"
        )
    return list(range(numbers[0]))


def _numbers(text: str, option: str) -> list[int]:
    if not _LIST.fullmatch(text):
        raise InputError(
            f"{option} is {text!r}; expected a number such as 3, or a list such as 0,2 (of one: 0,)"
        )
    numbers = [int(part) for part in text.split(",") if part.strip()]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"{option} {text} names one twice; expected different ones")
    return numbers
