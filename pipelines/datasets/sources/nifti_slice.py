"""One slice of a NIfTI file, as image or as mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.sources.label_rule import MOST_VALUES, LabelRule
from pipelines.datasets.sources.nifti_header import NiftiHeader
from pipelines.datasets.sources.nifti_volume import NiftiVolume, read_volume
from pipelines.datasets.sources.source import Picture
from pipelines.errors import InputError
from transforms.picture import PictureError


@dataclass(frozen=True, slots=True)
class NiftiSlice:
    """A 2-D NIfTI image, or a slice of a volume.

    **Upright.** A slice stands as radiologists look at it, by the nearest anatomical directions of
    its transform: in axial slices anterior is up and the patient's right is left, in coronal ones
    superior is up and right is left, in sagittal ones superior is up and anterior is left. A 2-D
    image is the slice of a volume of one. The rule is that of ``transforms.nifti_orientation``, so
    that prediction sees what was converted.

    **Intensities.** Whole numbers without a scale that fit 8 or 16 bits stay as they are. Others
    (fractions, negative numbers) become 8 bits: black and white are ``window``, else the
    percentiles 0.5 and 99.5 of the whole volume, so that its slices match.

    Attributes:
        path: the file.
        axis: 0 sagittal, 1 coronal, 2 axial (the stored axis where there is no transform); None for
            a 2-D image's, which is the one that it has not.
        index: of the slice, from the patient's left, back or feet on (0 is leftmost).
        window: intensities that become black and white, after the file's own scale.
        source: its path below the raw root, by which messages call the file where all of its slices
            share a fault.
    """

    path: Path
    axis: int | None = None
    index: int = 0
    window: tuple[float, float] | None = None
    source: str = ""

    def read(self, name: str) -> Picture:
        """Reads the slice.

        Args:
            name: what messages call it.

        Returns:
            The picture (height, width), uint8 or uint16, with its spacing.

        Raises:
            PictureError: the file cannot be read, or holds values that are no numbers.
        """
        whole = f'file "{self.source}"' if self.source else name
        volume = read_volume(self.path, whole)
        stored = _slice(volume, self.axis, self.index, name)
        pixels = _levels(stored, volume, self.window, whole)
        return Picture(np.ascontiguousarray(pixels), spacing=volume.spacing(self.axis))


@dataclass(frozen=True, slots=True)
class NiftiMask:
    """The mask of a ``NiftiSlice``, standing as that does.

    Attributes:
        path: the file.
        axis: as of the image.
        index: as of the image.
        rule: what its values mean.
        source: its path below the raw root, for messages.
    """

    path: Path
    axis: int | None
    index: int
    rule: LabelRule
    source: str = ""

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the class indices.

        Args:
            name: what messages call it.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            PictureError: the file cannot be read.
            InputError: it holds values that are no classes.
        """
        volume = read_volume(self.path, name)
        values = _scaled(_slice(volume, self.axis, self.index, name), volume.header)
        fits = np.isfinite(values).all() and values.min() >= 0 and values.max() < MOST_VALUES
        whole = values.astype(np.uint16) if fits else None
        if whole is None or (whole != values).any():
            raise InputError(
                f"{name} holds values that are no whole numbers from 0 to {MOST_VALUES - 1}; "
                "expected class indices. Export it again, and resample masks by nearest neighbour"
            )
        return self.rule.indices(Image.fromarray(np.ascontiguousarray(whole)), name)


def _slice(volume: NiftiVolume, axis: int | None, index: int, name: str) -> NDArray[Any]:
    """Gives a slice that exists."""
    header = volume.header
    along = None if axis is None else header.stored_axis(axis)
    exists = (
        (along is None or (along == 2 and index == 0))
        if header.is_flat
        else (along is not None and 0 <= index < header.shape[along])
    )
    if not exists:
        raise PictureError(
            f"{name} has the shape {header.shape}; there is no slice {index} of axis {axis}"
        )
    return volume.upright(axis, index)


def _scaled(stored: NDArray[Any], header: NiftiHeader) -> NDArray[Any]:
    """Applies the file's own scale."""
    return stored * header.slope + header.inter if header.is_scaled else stored


def _levels(
    stored: NDArray[Any], volume: NiftiVolume, window: tuple[float, float] | None, name: str
) -> NDArray[Any]:
    """Gives grey values, by the rule of ``NiftiSlice``."""
    header, extent = volume.header, volume.extent
    if not np.isfinite(extent).all():
        raise PictureError(
            f"{name} holds values that are no numbers (NaN or infinite); fill them in"
        )
    if window is None and header.dtype.kind in "iu" and not header.is_scaled and extent[0] >= 0:
        if extent[1] < 256 and header.dtype.itemsize == 1:
            return stored.astype(np.uint8)
        if extent[1] < MOST_VALUES:
            return stored.astype(np.uint16)
    low, high = window or sorted(each * header.slope + header.inter for each in volume.percentiles)
    if not np.isfinite((low, high)).all():
        raise PictureError(f"{name} has a scale that means nothing; export it again")
    levels = (_scaled(stored.astype(np.float64), header) - low) / ((high - low) or 1)
    return np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)
