"""Write a predicted class map three times: in colours, as plain indices, and over its image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from monai.config import KeysCollection
from numpy.typing import NDArray
from PIL import Image

from transforms.save_mask import SaveImageMaskd, replacing
from transforms.upright_reader import NIFTI_SUFFIXES, UprightReader

INDEX, BLEND = "_index", "_blend"
"""Put between the input's stem and ``.png``."""


class SaveClassMapd(SaveImageMaskd):
    """Save class maps of shape (1, height, width), upright, under the input's own name.

    Of ``a.png`` there are ``a_mask.png`` (a palette PNG in the colours of the classes, or a NIfTI
    of a NIfTI; see ``SaveImageMaskd``), ``a_index.png`` (grey, the pixels are the class indices:
    for programs that do not read palettes) and ``a_blend.png`` (the colours over the image; the
    background, index 0, is left as it is).

    Args:
        keys: keys of the maps; each needs metadata with the input's file name.
        output_dir: folder of the files, made where it is missing.
        colours: red, green and blue of each class, 0 to 255.
        input_dir: the folder that the inputs stand in; their sub-folders are kept.
        share: of the colours in the blend, 0 to 1.

    Raises:
        ValueError: see ``SaveImageMaskd``; or there are fewer colours than a map has classes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        output_dir: str,
        colours: Sequence[Sequence[int]],
        input_dir: str | None = None,
        share: float = 0.4,
    ) -> None:
        super().__init__(keys, output_dir, input_dir, colours=colours)
        self.share = share

    def _save(self, mask: torch.Tensor, key: str) -> None:
        indices, source = self._indices(mask, key)
        if indices.max() >= len(self.colours):
            raise ValueError(
                f"{key} holds the class {indices.max()}, but there are {len(self.colours)} colours"
            )
        super()._save(mask, key)
        image, _ = UprightReader("rgb8").get_data(source)
        pictures = {INDEX: indices, BLEND: blended(image, indices, self.colours, self.share)}
        for postfix, pixels in pictures.items():
            with replacing(self._folder(source) / f"{_stem(source)}{postfix}.png") as part:
                Image.fromarray(pixels).save(part, format="PNG")


def blended(
    image: NDArray[np.uint8],
    indices: NDArray[np.uint8],
    colours: Sequence[Sequence[int]],
    share: float,
) -> NDArray[np.uint8]:
    """Lays the colours of the classes over an image; index 0 stays as it is.

    Args:
        image: (height, width, 3).
        indices: class indices, (height, width).
        colours: red, green and blue of each class, 0 to 255.
        share: of the colours, 0 to 1.

    Returns:
        (height, width, 3), uint8.
    """
    weights = share * (indices > 0)[..., None]
    coloured = np.asarray(colours, dtype=float)[indices]
    return np.rint((1 - weights) * image + weights * coloured).astype(np.uint8)


def _stem(source: Path) -> str:
    for suffix in NIFTI_SUFFIXES[::-1]:
        if source.name.lower().endswith(suffix):
            return source.name[: -len(suffix)]
    return source.stem
