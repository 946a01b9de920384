"""A MONAI image reader whose arrays stand as a viewer shows them: (height, width), upright."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.data import ImageReader
from monai.utils import MetaKeys, ensure_tuple

from transforms.picture import SUFFIXES, PictureError, open_upright, to_grey, to_indices

NIFTI_SUFFIXES = (".nii", ".nii.gz")
NIFTI_AFFINE = "nifti_affine"
"""Metadata key of a NIfTI file's 4 x 4 affine: its presence says that the file had a spacing."""

_DAMAGE = (OSError, EOFError, ValueError, zlib.error, nib.filebasedimages.ImageFileError)
_CONTENTS: dict[str, Callable] = {"grey": to_grey, "indices": to_indices}


class UprightReader(ImageReader):
    """Reads 2-D pictures (PNG, JPEG, TIFF, BMP, ...) and NIfTI for ``LoadImaged``.

    MONAI's ``PILReader`` transposes, ignores the EXIF orientation and gives the channels that the
    file happens to have; this reader gives (height, width) as a viewer shows it. A NIfTI array
    (x, y) is transposed, so that its second axis runs down the picture.

    Decoding happens in :meth:`get_data`, because ``LoadImage`` tries other readers, and loses the
    message, when :meth:`read` fails.

    Args:
        content: ``"grey"`` for an image (see :func:`transforms.picture.to_grey`), ``"indices"``
            for a mask of class indices.

    Raises:
        ValueError: ``content`` is neither.
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
            The (height, width) array and its metadata (spatial shape; the affine of a NIfTI).

        Raises:
            PictureError: the file cannot be read as one 2-D picture.
        """
        if str(img).lower().endswith(NIFTI_SUFFIXES):
            return _read_nifti(img)
        try:
            array = _CONTENTS[self.content](open_upright(img))
        except PictureError as error:
            raise PictureError(_naming(img, error)) from error
        return _checked(array, img), _metadata(array)


def _checked(array: np.ndarray, path: Path) -> np.ndarray:
    if not np.isfinite(array).all():
        raise PictureError(f"{path} holds values that are no numbers (NaN or infinite)")
    return np.ascontiguousarray(array)


def _naming(path: Path, error: Exception) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"


def _metadata(array: np.ndarray) -> dict:
    return {
        MetaKeys.SPATIAL_SHAPE: np.asarray(array.shape[:2]),
        MetaKeys.ORIGINAL_CHANNEL_DIM: float("nan"),
    }


def _read_nifti(path: Path) -> tuple[np.ndarray, dict]:
    try:
        if path.name.lower().endswith(".gz"):
            gzip.decompress(path.read_bytes())  # nibabel stops before the check sum at the end
        image = nib.load(path)
        array = np.asarray(image.dataobj)
    except _DAMAGE as error:
        raise PictureError(f"{path} cannot be read as NIfTI ({error}). Export it again") from error
    if array.dtype.kind not in "iuf":
        raise PictureError(f"{path} holds values of type {array.dtype}; expected one grey channel")
    if array.ndim < 2 or array.size != array.shape[0] * array.shape[1]:
        raise PictureError(
            f"{path} has the shape {array.shape}; expected one 2-D slice (x, y). Cut it into slices"
        )
    upright = _checked(array.reshape(array.shape[:2]).T, path)
    return upright, {**_metadata(upright), NIFTI_AFFINE: image.affine}
