"""A MONAI image reader whose arrays stand as a viewer shows them: (height, width), upright."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import ImageReader
from monai.utils import MetaKeys, ensure_tuple

from transforms.nifti_picture import read_nifti
from transforms.picture import (
    SUFFIXES,
    PictureError,
    open_upright,
    rgb8,
    to_grey,
    to_indices,
    to_rgb,
    to_rgb8,
)

NIFTI_SUFFIXES = (".nii", ".nii.gz")

_CONTENTS: dict[str, Callable] = {
    "grey": to_grey,
    "indices": to_indices,
    "rgb": to_rgb,
    "rgb8": to_rgb8,
}


class UprightReader(ImageReader):
    """Reads 2-D pictures (PNG, JPEG, TIFF, BMP, ...) and NIfTI for ``LoadImaged``.

    MONAI's ``PILReader`` transposes, ignores the EXIF orientation and gives the channels that the
    file happens to have; this reader gives (height, width) as a viewer shows it. A NIfTI file
    stands by its own transform, as conversion lays it (see ``transforms.nifti_orientation``).

    Decoding happens in :meth:`get_data`, because ``LoadImage`` tries other readers, and loses the
    message, when :meth:`read` fails.

    Args:
        content: ``"grey"`` for an image of one channel (see :func:`transforms.picture.to_grey`),
            ``"rgb"`` for one of three (:func:`transforms.picture.to_rgb`), ``"rgb8"`` for one of
            three of 8 bits, others refused (:func:`transforms.picture.to_rgb8`), ``"indices"`` for
            a mask of class indices.

    Raises:
        ValueError: ``content`` is none of these.
    """

    def __init__(self, content: str = "grey") -> None:
        super().__init__()
        if content not in _CONTENTS:
            raise ValueError(f"content is {content!r}; expected one of {sorted(_CONTENTS)}")
        self.content = content

    def verify_suffix(self, filename: Sequence[Any] | Any) -> bool:
        """True where every file's suffix is one that this reader decodes."""
        return all(
            str(f).lower().endswith(SUFFIXES + NIFTI_SUFFIXES) for f in ensure_tuple(filename)
        )

    def read(self, data: Sequence[Any] | Any, **kwargs: Any) -> Path:
        """Take one file name; the file is opened by :meth:`get_data`.

        Raises:
            PictureError: several files, which would be stacked as channels.
        """
        names = ensure_tuple(data)
        if len(names) != 1:
            raise PictureError(f"{len(names)} files were given as one image; expected one")
        return Path(names[0])

    def get_data(self, img: Path) -> tuple[np.ndarray, dict]:
        """Decode the file.

        Returns:
            The array, (height, width) or of RGB (height, width, 3), and its metadata.

        Raises:
            PictureError: the file cannot be read as one 2-D picture.
        """
        try:
            array = self._decoded(img)
        except PictureError as error:
            raise PictureError(_naming(img, error)) from error
        return array, picture_metadata(array)

    def _decoded(self, path: Path) -> np.ndarray:
        if not str(path).lower().endswith(NIFTI_SUFFIXES):
            return _checked(_CONTENTS[self.content](open_upright(path)), path)
        array = _checked(read_nifti(path), path)
        if not self.content.startswith("rgb"):
            return array
        channels = np.stack([array] * 3, axis=-1)
        return rgb8(channels) if self.content == "rgb8" else channels


def _checked(array: np.ndarray, path: Path) -> np.ndarray:
    if not np.isfinite(array).all():
        raise PictureError(f"{path} holds values that are no numbers (NaN or infinite)")
    return np.ascontiguousarray(array)


def _naming(path: Path, error: Exception) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"


def picture_metadata(array: np.ndarray) -> dict:
    """What ``LoadImage`` is told of a picture.

    Args:
        array: (height, width) or (height, width, 3).
    """
    return {
        MetaKeys.SPATIAL_SHAPE: np.asarray(array.shape[:2]),
        MetaKeys.ORIGINAL_CHANNEL_DIM: float("nan") if array.ndim == 2 else -1,
    }
