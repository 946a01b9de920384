"""Take burnt-in marks out of an image, and fill their places from what is around them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from skimage.restoration import inpaint_biharmonic

from transforms.found_marks import found_marks
from transforms.parameter_range import parameter
from transforms.picture import PictureError
from transforms.unit_image import unit_image


class RemoveMarksd(MapTransform):
    """Inpaints burnt-in marks: in their pixels the biharmonic equation holds, Δ²y = 0.

    The surface that fills a mark goes on smoothly from its rim. The marks are those of a mask, or
    bright thin strokes and coloured graphics that are found in the image itself (see
    ``transforms.found_marks``). It is not random and belongs to the preprocessing, before the image
    is resized, so that prediction does it, too.

    Sources: Damelin and Hoang 2018, doi:10.1155/2018/3950312, as scikit-image's
    ``inpaint_biharmonic``; that removing marks helps in ultrasound, Yao et al. 2020,
    doi:10.3389/fbioe.2020.00599.

    Args:
        keys: images (channel, height, width), in [0, 1].
        mask_key: a mask of the marks (channel, height, width), not 0 where one is; they are looked
            for in the image where no key is given.
        contrast: by how much a stroke outshines its row, 0.05 to 1. Not used with a mask.
        width: widest stroke in pixels, 1 to 20. Not used with a mask.
        rim: pixels around the marks that are filled, too, 0 to 20.
        largest: part of the image that may be filled, 0 to 1; more is no mark.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        mask_key: str | None = None,
        contrast: float = 0.3,
        width: int = 3,
        rim: int = 1,
        largest: float = 0.2,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.mask_key = mask_key
        self.contrast = parameter("contrast", contrast, 0.05, 1)
        self.width = int(parameter("width", width, 1, 20, whole=True))
        self.rim = int(parameter("rim", rim, 0, 20, whole=True))
        self.largest = parameter("largest", largest, 0, 1)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with images without marks, float32 in [0, 1]; metadata stay.

        Raises:
            PictureError: an image is not in [0, 1], the mask has another size, or the marks fill
                more than ``largest`` of the image, or all of it.
        """
        given = dict(data)
        for key in self.key_iterator(given):
            image = unit_image(given[key], key, type(self).__name__).numpy()
            marks = self._marks(image, given, key)
            if marks.any():
                image = _filled(image, marks)
            given[key] = convert_to_dst_type(image, given[key], dtype=torch.float32)[0]
        return given

    def _marks(
        self, image: NDArray[np.float32], data: Mapping[Hashable, Any], key: Hashable
    ) -> NDArray[np.bool_]:
        """Which pixels are filled, (height, width)."""
        if self.mask_key is None:
            marks = found_marks(image, self.contrast, self.width)
        else:
            marks = (np.asarray(data[self.mask_key]) != 0).any(axis=0)
            if marks.shape != image.shape[1:]:
                raise PictureError(
                    f"{self.mask_key} is {_size(marks)} pixels, {key} {_size(image[0])}; expected "
                    "a mask of the image's own size"
                )
        if self.rim and marks.any():
            marks = binary_dilation(marks, np.ones((3, 3)), iterations=self.rim)
        if marks.mean() > self.largest:
            advice = "raise contrast" if self.mask_key is None else f"correct {self.mask_key}"
            raise PictureError(
                f"marks would be {marks.mean():.0%} of {key}, more than {self.largest:.0%}; "
                f"{advice}, or largest"
            )
        if marks.all():
            raise PictureError(f"marks fill all of {key}; nothing is left to fill them from")
        return marks


def _filled(image: NDArray[np.float32], marks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Inpaint an image (channel, height, width)."""
    filled = inpaint_biharmonic(image, marks, channel_axis=0, split_into_regions=True)
    return np.clip(filled, 0, 1).astype(np.float32)


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]} x {array.shape[0]}"
