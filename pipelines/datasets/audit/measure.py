"""One image of a dataset folder and its mask, decoded once and measured. Runs in a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import duplicates, picture
from pipelines.datasets.audit import appearance
from pipelines.datasets.audit.mask_ceiling import mask_ceilings
from pipelines.datasets.audit.mask_shape import digest, measure_mask
from pipelines.datasets.audit.measured import MaskMeasured, Measured
from pipelines.datasets.audit.resolution import CANDIDATES
from pipelines.datasets.dataset import Item
from pipelines.datasets.exports.stored import is_nifti, read_image
from pipelines.errors import InputError, first_line
from transforms.picture import PictureError, to_indices

_DAMAGE = (InputError, PictureError, OSError, MemoryError)

NO_COPY = bytes(duplicates.SIDE**2)
"""The small copy of an image that cannot be read: black."""


@dataclass(frozen=True)
class Work:
    """What is the same for all images.

    Attributes:
        folder: the dataset folder.
        classes: how many labels there are.
        marks: whether burnt-in marks are looked for.
        copies: whether small copies are wanted.
    """

    folder: Path
    classes: int
    marks: bool
    copies: bool = True


def measure_one(item: Item, work: Work) -> tuple[Measured, bytes]:
    """Measures an image and its mask.

    Args:
        item: its entry in dataset.json.
        work: what is the same for all.

    Returns:
        The measurements; what cannot be read is a ``problem``. And the small copy by which
        near-duplicates are found, ``duplicates.SIDE`` squared bytes, or none where none is wanted.
    """
    mask = _mask(item, work) if isinstance(item["label"], str) else None
    path = work.folder / item["image"]
    try:
        pixels = read_pixels(path, item["image"])
        changed = _is_changed(path, item.get("sha256"))
    except _DAMAGE as error:
        problem = _in_folder(error, work.folder)
        return Measured(problem=problem, mask=mask), NO_COPY if work.copies else b""
    measured = _image(pixels, work)
    grey = picture.to_grey(pixels)
    copy = duplicates.small_copy(grey).tobytes() if work.copies else b""
    return replace(measured, changed=changed, mask=mask), copy


def read_pixels(path: Path, name: str) -> NDArray[Any]:
    """Reads an image of a dataset folder, grey where it is.

    Args:
        path: a picture or a NIfTI file of one slice.
        name: what messages call it.

    Returns:
        (height, width) uint8 or uint16, or (height, width, 3) uint8.

    Raises:
        InputError: the file is damaged, or of values that fit nowhere.
        PictureError: as above.
    """
    return read_image(path, 1) if is_nifti(path) else picture.read(path, name).pixels


def read_values(path: Path, name: str) -> NDArray[Any]:
    """Reads a mask of a dataset folder as it stands.

    Args:
        path: a picture (grey or palette) or a NIfTI file of one slice.
        name: what messages call it.

    Returns:
        (height, width), whole numbers from 0.

    Raises:
        InputError: the file is damaged, or of values that fit nowhere.
        PictureError: as above, or a picture has several channels.
    """
    if is_nifti(path):
        return read_image(path, 1)
    try:
        return to_indices(picture.opened(path, name))
    except PictureError as error:
        text = str(error)
        raise PictureError(text if name in text else f"{name}: {text}") from error


def _in_folder(error: BaseException, folder: Path) -> str:
    """Gives the line of an error without the path of the folder, which changes nothing."""
    return first_line(error).replace(f"{folder}/", "")


def _mask(item: Item, work: Work) -> MaskMeasured:
    path = work.folder / item["label"]
    try:
        values = read_values(path, item["label"])
        changed = _is_changed(path, item.get("label_sha256"))
    except _DAMAGE as error:
        return MaskMeasured(problem=_in_folder(error, work.folder))
    ceilings = mask_ceilings(values, CANDIDATES)
    return replace(measure_mask(values, work.classes, changed), ceilings=ceilings)


def _is_changed(path: Path, recorded: str | None) -> bool:
    """Tells whether a file is another than was recorded."""
    with path.open("rb") as file:
        return recorded is not None and hashlib.file_digest(file, "sha256").hexdigest() != recorded


def _image(pixels: NDArray[Any], work: Work) -> Measured:
    shown = appearance.eight_bits(pixels)
    grey = picture.to_grey(shown)
    sums, squares = _sums(pixels)
    return Measured(
        width=pixels.shape[1],
        height=pixels.shape[0],
        channels=3 if pixels.ndim == 3 else 1,
        depth=8 * pixels.dtype.itemsize,
        digest=digest(pixels),
        lowest=int(pixels.min()),
        highest=int(pixels.max()),
        content=appearance.content(picture.to_grey(pixels)),
        sums=sums,
        squares=squares,
        flat=appearance.flat(grey),
        chroma=picture.coloured_share(pixels),
        look=np.array(appearance.look(grey), dtype=np.float32).tobytes(),
        marks=_marks(pixels) if work.marks else (),
    )


def _sums(pixels: NDArray[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sums the values of each channel, and their squares: exactly, by counting them."""
    channels = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1).T
    counts = [np.bincount(channel).tolist() for channel in channels]
    return _moments(counts, lambda value: value), _moments(counts, lambda value: value * value)


def _moments(counts: list[list[int]], of: Callable[[int], int]) -> tuple[int, ...]:
    return tuple(sum(n * of(v) for v, n in enumerate(each)) for each in counts)


def _marks(pixels: NDArray[Any]) -> tuple[str, ...]:
    from pipelines.datasets.audit.burnt_in_marks import marks

    return tuple(sorted(marks(pixels)))
