"""Which folder holds the masks of another, where names do not say it: told by a few pictures."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from pipelines.datasets.layouts.channels import some
from pipelines.datasets.layouts.mask_names import same
from pipelines.datasets.picture import opened

_LOOKED_AT = 3  # pictures of a folder
_MOST_FOLDERS = 40  # of more, none is that of all masks
_MOST_PIXELS = 2**24  # larger ones are not decoded for a guess
_FEW = 16  # values that a mask of classes holds
_FLAT = 0.95  # share of the pixels that two greys have, in a mask that was saved as JPEG


def images_and_masks(
    root: Path, folders: Mapping[str, Sequence[PurePosixPath]]
) -> tuple[str, str] | None:
    """Finds two folders of which one holds the masks of the pictures in the other.

    Args:
        root: what the paths are relative to.
        folders: the pictures of each folder; the folder's name is one of the parts of their paths.

    Returns:
        The folder of images and that of masks: most of their pictures have the same names, and
        those looked at are masks in one folder, and none in the other. Nothing where there are no
        such two, or more than 40 folders.
    """
    if len(folders) > _MOST_FOLDERS:
        return None
    look = cache(lambda folder: _holds_masks(root, folders[folder]))
    names = {folder: {_within(path, folder) for path in paths} for folder, paths in folders.items()}
    for one, other in itertools.combinations(folders, 2):
        fewer = min(len(names[one]), len(names[other]))
        if 2 * len(names[one] & names[other]) <= fewer:
            continue
        masks = [folder for folder in (one, other) if look(folder)]
        if len(masks) == 1:
            return (other, one) if masks[0] == one else (one, other)
    return None


def looks_like_mask(path: Path) -> bool:
    """Tells whether a picture has few values, as masks have; no where it cannot be read.

    Args:
        path: the picture; one of more than 2^24 pixels is not read.
    """
    try:
        with Image.open(path) as header:
            if header.width * header.height > _MOST_PIXELS:
                return False
        return _has_few_values(opened(path, "picture"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _has_few_values(image: Image.Image) -> bool:
    """Tells whether a picture has the values of a mask, or almost, as a JPEG of one has."""
    grey = np.asarray(image)
    if grey.ndim == 2 and len(np.unique(grey)) <= _FEW:
        return True
    if image.mode == "P" or image.mode.startswith(("I", "F")):
        return False
    colours = image.convert("RGB")
    if colours.getcolors(_FEW):
        return True
    counts = np.sort(colours.convert("L").histogram())
    return bool(counts[-2:].sum() >= _FLAT * image.width * image.height)


def _within(path: PurePosixPath, folder: str) -> tuple[str, ...]:
    """Gives a picture's place without the folder and the suffix."""
    parts = list(path.with_suffix("").parts)
    parts.remove(folder)
    return tuple(map(same, parts))


def _holds_masks(root: Path, paths: Sequence[PurePosixPath]) -> bool:
    return all(looks_like_mask(root / path) for path in some(paths, _LOOKED_AT))
