"""The header of a NIfTI file: shape, orientation and spacing, read without the voxels."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel as nib
import numpy as np

from pipelines.datasets.sources.source import check_pixels
from pipelines.errors import InputError, first_line
from transforms.nifti_orientation import Directions, directions
from transforms.nifti_picture import NIFTI_DAMAGE
from transforms.picture import PictureError

SUFFIXES = (".nii", ".nii.gz")
"""Suffixes (lower case) of NIfTI files."""

MOST_VOXELS = 2**29
"""A volume of more is refused: a worker holds one in memory."""

MOST_SLICES = 20_000
"""A volume that would become more slices is refused."""

_SIZES = {348: nib.Nifti1Header, 540: nib.Nifti2Header}  # bytes of a header: its kind
_SINGLE = (b"n+1", b"n+2")  # the magic of a file that holds its voxels, too
_MOST_OFFSET = 2**26  # bytes of extensions before the voxels
_MILLIMETRES = {"mm": 1.0, "meter": 1000.0, "micron": 0.001, "unknown": 1.0}
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class NiftiHeader:
    """What the header of a NIfTI file says.

    Attributes:
        shape: (x, y) or (x, y, z), as stored.
        dtype: of the stored values.
        offset: bytes before the voxels.
        slope: what stored values are multiplied by.
        inter: what is then added.
        zooms: millimetres per voxel along the stored axes, or nothing.
        orientation: the directions of three stored axes (see ``transforms.nifti_orientation``);
            nothing where the file does not say. The third axis of a 2-D image is the one that its
            two leave, and always 1.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float
    zooms: tuple[float, ...] | None
    orientation: Directions | None

    @property
    def is_flat(self) -> bool:
        """Whether it is one 2-D image."""
        return len(self.shape) == 2

    @property
    def is_scaled(self) -> bool:
        """Whether the values are others than those that are stored."""
        return (self.slope, self.inter) != (1.0, 0.0)

    @property
    def size(self) -> int:
        """Bytes of the voxels, unpacked."""
        return math.prod(self.shape) * self.dtype.itemsize

    def stored_axis(self, axis: int) -> int:
        """Gives the stored axis that runs along right (0), anterior (1) or superior (2)."""
        if self.orientation is None:
            return axis
        return [along for along, _ in self.orientation].index(axis)

    def along(self, stored: int) -> int:
        """Gives the axis that the stored one runs along; the reverse of ``stored_axis``."""
        return stored if self.orientation is None else self.orientation[stored][0]


@contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Turns what is raised over broken files to a message that names the file.

    Args:
        name: what the message calls the file.

    Raises:
        PictureError: in place of what was raised.
    """
    try:
        yield
    except (PictureError, InputError):
        raise
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist; expected a NIfTI file") from None
    except PermissionError as error:
        raise PictureError(f"{name} cannot be read: {error.strerror}") from None
    except NIFTI_DAMAGE as error:
        coded = isinstance(error, KeyError)  # nibabel looks a code up, and says no more than that
        reason = "a code in its header means nothing" if coded else first_line(error)
        raise PictureError(
            f"{name} is truncated or damaged ({reason}). Export it again or take it out"
        ) from error


def opened(path: Path) -> BinaryIO:
    """Opens a file to read it, unpacked where it is packed by gzip."""
    file = path.open("rb")
    packed = file.read(2) == _GZIP
    file.seek(0)
    if not packed:
        return file
    file.close()
    return cast(BinaryIO, gzip.open(path, "rb"))


def read_header(path: Path, name: str) -> NiftiHeader:
    """Reads and checks the header; no voxels.

    Args:
        path: the file, ``.nii`` or ``.nii.gz``.
        name: what messages call it.

    Returns:
        The header. Axes of one voxel at the end are left away.

    Raises:
        PictureError: the file cannot be read, is no NIfTI, of 4 axes, too large, or of values that
            are no grey.
    """
    with damage_named(name):
        with opened(path) as file:
            start = file.read(min(_SIZES))
            if _stated_size(start) == max(_SIZES):  # no more of others: they may break off there
                start += file.read(max(_SIZES) - len(start))
        if not start:
            raise PictureError(f"{name} is empty (0 bytes). Export it again or take it out")
        raw = _parsed(start, name)
        shape = _shape(raw, name)
        dtype = raw.get_data_dtype()
        if dtype.kind not in "iuf":
            raise PictureError(
                f"{name} holds values of the type {raw.get_value_label('datatype')}; expected one "
                "grey value a voxel"
            )
        slope, inter = raw.get_slope_inter()
        return NiftiHeader(
            shape,
            dtype,
            _offset(raw, name),
            1.0 if slope is None else float(slope),
            0.0 if inter is None else float(inter),
            _zooms(start, raw, len(shape)),
            _orientation(raw, len(shape)),
        )


def _stated_size(start: bytes) -> int | None:
    """Gives the length of the header, which stands first in it; nothing where that cannot be."""
    little, big = (int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big"))
    return next((size for size in (little, big) if size in _SIZES), None)


def _parsed(start: bytes, name: str) -> Any:
    """Parses the fixed part of the header."""
    size = _stated_size(start)
    if size is None or len(start) < size:
        raise PictureError(f"{name} is no NIfTI file, or truncated within its header; take it out")
    with _quiet():
        raw = _SIZES[size].from_fileobj(io.BytesIO(start[:size]))
    if bytes(raw["magic"])[:3] not in _SINGLE:
        raise PictureError(
            f"{name} is one of a pair of header and image; expected both in one file (.nii). "
            "Convert it"
        )
    return raw


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps nibabel from printing what it mends in a header; what matters is checked and said."""
    logger = nib.imageglobals.logger
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _shape(raw: Any, name: str) -> tuple[int, ...]:
    """Gives the shape, checked, without axes of one voxel at the end."""
    shape = tuple(int(length) for length in raw.get_data_shape())
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise PictureError(
            f"{name} has the shape {shape}; expected an image (x, y) or a volume (x, y, z). Save "
            "each volume in a file of its own"
        )
    longest = sorted(shape)[-2:]
    check_pixels(longest[1], longest[0], name)
    if int(np.prod([float(each) for each in shape])) > MOST_VOXELS or (
        len(shape) == 3 and max(shape) > MOST_SLICES
    ):
        raise PictureError(
            f"{name} has the shape {shape} by its header; the limits are {MOST_VOXELS} voxels and "
            f"{MOST_SLICES} slices. Cut it, or take it out"
        )
    return shape


def _offset(raw: Any, name: str) -> int:
    offset = int(raw.get_data_offset())
    if not 0 < offset <= _MOST_OFFSET:
        raise PictureError(
            f"{name} says that its voxels start at byte {offset}; expected at most {_MOST_OFFSET}"
        )
    return offset


def _zooms(start: bytes, raw: Any, count: int) -> tuple[float, ...] | None:
    """Gives millimetres; ones without a unit are what programs write that know none."""
    # As stored: nibabel makes a one of a zero.
    stored = type(raw)(start[: raw.sizeof_hdr], raw.endianness, check=False)
    zooms = [abs(float(f"{each:.7g}")) for each in stored["pixdim"][1 : count + 1]]  # of 32 bits
    unit = raw.get_xyzt_units()[0]
    if unit == "unknown" and set(zooms) == {1.0}:
        return None
    scaled = tuple(each * _MILLIMETRES[unit] for each in zooms)
    return scaled if all(np.isfinite(each) and each > 0 for each in scaled) else None


def _orientation(raw: Any, count: int) -> Directions | None:
    """Gives the directions of the stored axes; a 2-D image has none across."""
    found = directions(raw)
    return found if found is None or count == 3 else (*found[:2], (found[2][0], 1))
