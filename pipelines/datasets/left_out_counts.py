"""How many images were left out, and how much else that is no single image."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import is_picture
from pipelines.datasets.problems import LeftOut
from pipelines.datasets.table import SUFFIXES as TABLES

IMAGES = "images"
KINDS = {
    IMAGES: "image",
    "masks": "mask",
    "entries": "entry",
    "files": "file",
    "folders": "folder",
}
"""What is counted, and one of it: masks without an image; rows of a table or entries of a list;
files that may hold several images, or none; folders."""


def count_left_out(
    left_out: Sequence[LeftOut], refused: Sequence[Problem], roots: Sequence[Path]
) -> dict[str, int]:
    """Counts what was left out, each source once.

    Args:
        left_out: what was left out.
        refused: what the layout's reader already refused. Each of the others is an image: it was
            read, or tried.
        roots: the folders that the sources of those lie in.

    Returns:
        The number of each of ``KINDS``.
    """
    named = {problem.source for problem in refused}
    kinds = {
        each["source"]: _kind(each, roots) if each["source"] in named else IMAGES
        for each in left_out
    }
    counts = Counter(kinds.values())
    return {kind: counts[kind] for kind in KINDS}


def _kind(left: LeftOut, roots: Sequence[Path]) -> str:
    """Tells what a source is that a reader refused."""
    source = left["source"]
    if any(os.path.isdir(root / source) for root in roots):  # noqa: PTH112 - no name is too long
        return "folders"
    if left["reason"].startswith(f'mask "{source}"'):
        return "masks"
    if re.fullmatch(r"\w+\[[0-9]+\]", source):  # of a datalist
        return "entries"
    inside = re.fullmatch(r"(.*)#[0-9]+", source)
    if inside:
        return "entries" if inside[1].casefold().endswith(TABLES) else IMAGES
    return IMAGES if is_picture(PurePosixPath(source)) else "files"
