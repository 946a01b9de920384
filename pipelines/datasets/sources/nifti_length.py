"""Whether a NIfTI file has all the bytes that its header promises."""

from __future__ import annotations

import gzip
from pathlib import Path

from pipelines.datasets.sources.nifti_header import NiftiHeader, damage_named, opened
from transforms.picture import PictureError

_CHUNK = 2**20
_LAST = 4  # bytes at the end of a packed file: its length unpacked, modulo 2^32 (RFC 1952)


def check_length(path: Path, header: NiftiHeader, name: str) -> None:
    """Refuses a truncated file.

    A packed file that is whole says its unpacked length at its end; only one that says another
    than the header is unpacked to see how far it goes.

    Args:
        path: the file.
        header: of the file.
        name: what messages call it.

    Raises:
        PictureError: the file is truncated, damaged, or cannot be read.
    """
    wanted = header.offset + header.size
    with damage_named(name):
        held, breaks_off = _held(path, wanted)
    if held >= wanted and breaks_off:
        raise PictureError(
            f"{name} is truncated: it breaks off within the check sum behind its voxels. Export "
            "it again or take it out"
        )
    if held < wanted:
        raise PictureError(
            f"{name} is truncated: it breaks off after {max(0, held - header.offset)} of the "
            f"{header.size} bytes of voxels that its shape {header.shape} needs. Export it again "
            "or take it out"
        )


def _held(path: Path, wanted: int) -> tuple[int, bool]:
    """Counts the bytes of a file, unpacked, as far as they are wanted; tells if it breaks off."""
    with opened(path) as file:
        if not isinstance(file, gzip.GzipFile):
            return path.stat().st_size, False
        if _stated(path) == wanted % 2 ** (8 * _LAST):
            return wanted, False
        held = 0
        try:
            # One byte further, behind which the check sum stands.
            while held <= wanted and (chunk := file.read1(_CHUNK)):
                held += len(chunk)
        except EOFError:
            return held, True
        return held, False


def _stated(path: Path) -> int:
    """Reads the length that a packed file says it has unpacked."""
    with path.open("rb") as file:
        file.seek(-_LAST, 2)
        return int.from_bytes(file.read(_LAST), "little")
