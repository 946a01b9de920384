"""The voxels of a NIfTI file, and slices of them that stand upright."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.sources.nifti_header import NiftiHeader, damage_named, opened, read_header
from pipelines.datasets.sources.nifti_length import check_length
from transforms.nifti_orientation import upright

PERCENTILES = (0.5, 99.5)
"""Of a volume: what becomes black and white where neither a window nor whole numbers say so."""

_SAMPLED = 2**24  # voxels that percentiles are taken of, evenly spread, however large the volume
_CHUNK = 2**20
_KEPT = 2  # volumes that a process keeps unpacked: of an image and of its mask


@dataclass(frozen=True, eq=False)
class NiftiVolume:
    """A NIfTI file.

    Attributes:
        header: what its header says.
        stored: the values as stored, (x, y) or (x, y, z).
    """

    header: NiftiHeader
    stored: NDArray[Any]

    def upright(self, axis: int | None, index: int) -> NDArray[Any]:
        """Gives a slice as stored, standing as ``NiftiSlice`` says.

        Args:
            axis: the axis to cut along; None for a 2-D image's, which is the one that it has not.
            index: of the slice.

        Returns:
            (height, width) of stored values.
        """
        along, stack = self._stored_axis(axis), np.atleast_3d(self.stored)
        found = self.header.orientation
        if found is not None and found[along][1] < 0:
            index = stack.shape[along] - 1 - index
        first, second = (each for each in range(3) if each != along)
        return upright(np.take(stack, index, axis=along), found, (first, second))

    def spacing(self, axis: int | None) -> tuple[float, float] | None:
        """Gives the millimetres of a slice (from row to row, from column to column)."""
        zooms = self.header.zooms
        if zooms is None:
            return None
        across = self.header.along(self._stored_axis(axis))
        column, row = (each for each in range(3) if each != across)
        return zooms[self.header.stored_axis(row)], zooms[self.header.stored_axis(column)]

    def _stored_axis(self, axis: int | None) -> int:
        return 2 if axis is None else self.header.stored_axis(axis)

    @cached_property
    def extent(self) -> tuple[float, float]:
        """The least and the greatest stored value; not finite where one value is not."""
        return float(self.stored.min()), float(self.stored.max())

    @cached_property
    def percentiles(self) -> tuple[float, float]:
        """``PERCENTILES`` of the stored values."""
        flat = self.stored.reshape(-1, order="A")
        low, high = np.percentile(flat[:: max(1, flat.size // _SAMPLED)], PERCENTILES)
        return float(low), float(high)

    def marked(self, axis: int) -> NDArray[np.bool_]:
        """Tells of each slice along an axis whether it holds anything but 0."""
        along = self.header.stored_axis(axis)
        others = tuple(each for each in range(3) if each != along)
        found = (self.stored != 0).any(axis=others)
        turned = self.header.orientation is not None and self.header.orientation[along][1] < 0
        return found[::-1] if turned else found


def read_volume(path: Path, name: str) -> NiftiVolume:
    """Reads a NIfTI file; of the last ones, a process keeps the values.

    Args:
        path: the file.
        name: what messages call it.

    Returns:
        The volume. An unpacked file is mapped, not loaded.

    Raises:
        PictureError: it cannot be read; see ``read_header``.
    """
    with damage_named(name):
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        volume = _volumes.pop(key, None)
        if volume is None:
            while len(_volumes) >= _KEPT:
                del _volumes[next(iter(_volumes))]
            header = read_header(path, name)
            volume = NiftiVolume(header, _voxels(path, header, name))
        _volumes[key] = volume  # the last one used stands last
        return volume


_volumes: dict[tuple[Path, int, int], NiftiVolume] = {}


def _voxels(path: Path, header: NiftiHeader, name: str) -> NDArray[Any]:
    """Maps or loads the values."""
    check_length(path, header, name)
    with opened(path) as file:
        if not hasattr(file, "mtime"):  # not packed
            return np.memmap(
                path, header.dtype, "r", offset=header.offset, shape=header.shape, order="F"
            )
        file.seek(header.offset)
        data = file.read(header.size)
        for _ in range(header.size // _CHUNK + 2):  # the check sum stands behind the last byte
            if not file.read(_CHUNK):
                break
    return np.frombuffer(data, header.dtype).reshape(header.shape, order="F")
