"""Whether the images of a dataset folder have 8 or 16 bits, by their headers."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

from pipelines.progress import counting

_PNG_DEPTH = 24  # the byte of a PNG that holds the bits of a channel
_NIFTI_TYPE = 70  # the first of the two bytes of a NIfTI-1 header that name the type of its values
_UINT16 = 512  # that type


def is_deep(path: Path) -> bool:
    """Tells whether an image as ``encoding.encode`` writes it has 16 bits.

    Args:
        path: a ``.png`` or a ``.nii.gz``.

    Raises:
        OSError: it cannot be read.
    """
    if path.suffix == ".png":
        with path.open("rb") as file:
            return file.read(_PNG_DEPTH + 1)[-1:] == b"\x10"
    with gzip.open(path) as file:
        header = file.read(_NIFTI_TYPE + 2)
    return int.from_bytes(header[_NIFTI_TYPE:], "little") == _UINT16


def mixed_depths(paths: Sequence[Path]) -> str | None:
    """Says of images how many have 8 and how many 16 bits, where there are both.

    Args:
        paths: the images.

    Returns:
        One line, or nothing.

    Raises:
        OSError: one cannot be read.
    """
    deep = 0
    with counting("measuring depths") as report:
        for number, path in enumerate(paths, start=1):
            deep += is_deep(path)
            report(number, len(paths))
    if deep in (0, len(paths)):
        return None
    return (
        f"{len(paths) - deep} images have 8 bits and {deep} have 16, so that white is 255 in some "
        "and 65535 in others; give all of one depth if they shall be comparable (the export to npz "
        "multiplies 8-bit values by 257)"
    )
