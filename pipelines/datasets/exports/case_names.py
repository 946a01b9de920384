"""One name for each image of a dataset, fit for a file in a single folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from pipelines.datasets.dataset import Dataset


def case_names(dataset: Dataset) -> dict[str, str]:
    """Names every image.

    Args:
        dataset: the dataset.

    Returns:
        The path of each image in the dataset, and its name: its own without suffixes, such as
        ``benign_0001``; where two would be the same on any disk, all are numbered instead.
    """
    images = [item["image"] for item in (*dataset.items, *dataset.testing)]
    names = [plain(PurePosixPath(image).name.partition(".")[0]) for image in images]
    if len({name.casefold() for name in names}) < len(names):
        names = [f"case_{number:05d}" for number in range(1, len(names) + 1)]
    return dict(zip(images, names, strict=True))


def plain(text: str) -> str:
    """Makes a text fit for a file name: letters, digits, ``-`` and ``_`` stay.

    Examples:
        >>> plain("a (1)/Wrist")
        'a_1_Wrist'
    """
    return re.sub(r"[^\w-]+", "_", text).strip("_") or "_"
