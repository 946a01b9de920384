"""Write a predicted mask as a PNG of its input's size, or as NIfTI where the input was one."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from PIL import Image

from transforms.upright_reader import NIFTI_AFFINE, NIFTI_SUFFIXES

PALETTE = ((0, 0, 0), (255, 255, 255), (230, 159, 0), (86, 180, 233), (0, 158, 115))
"""Colours of the class indices: black, white, then those of Okabe and Ito (2008), then again."""


def mask_name(source: Path, postfix: str = "_mask") -> str:
    """File name of a picture's mask: its stem and the postfix, as PNG, or NIfTI for a NIfTI.

    Examples:
        >>> mask_name(Path("in/a.b.JPG")), mask_name(Path("a.nii"), "_lesion")
        ('a.b_mask.png', 'a_lesion.nii.gz')
    """
    for suffix in NIFTI_SUFFIXES[::-1]:
        if source.name.lower().endswith(suffix):
            return f"{source.name[: -len(suffix)]}{postfix}.nii.gz"
    return f"{source.stem}{postfix}.png"


class SaveImageMaskd(MapTransform):
    """Save class-index masks of shape (1, height, width), upright, under the input's own name.

    A picture's mask is a palette PNG: its pixels are the class indices and a viewer shows them in
    colours. The mask of a NIfTI input is a NIfTI with the input's affine. A file is written beside
    and renamed into place, so that a stopped run leaves no half file.

    Args:
        keys: keys of the masks; each needs metadata with the input's file name.
        output_dir: folder of the masks, made where it is missing.
        input_dir: the folder that the inputs stand in; their sub-folders are kept.
        postfix: put between the input's stem and the suffix, for instance ``_mask``.

    Raises:
        ValueError: a mask that is not of one channel, or without the input's file name.
        OSError: the folder cannot be written.
    """

    def __init__(
        self,
        keys: KeysCollection,
        output_dir: str,
        input_dir: str | None = None,
        postfix: str = "_mask",
    ) -> None:
        super().__init__(keys)
        self.output_dir = Path(output_dir)
        self.input_dir = Path(input_dir).absolute() if input_dir else None
        self.postfix = postfix

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Write the masks of one case and give the case back unchanged."""
        for key in self.key_iterator(dict(data)):
            self._save(data[key], str(key))
        return dict(data)

    def _save(self, mask: torch.Tensor, key: str) -> None:
        if not isinstance(mask, MetaTensor) or "filename_or_obj" not in mask.meta:
            raise ValueError(f"{key} carries no file name; expected a MetaTensor of a loaded file")
        if mask.ndim != 3 or mask.shape[0] != 1:
            raise ValueError(
                f"{key} has the shape {tuple(mask.shape)}; expected (1, height, width)"
            )
        indices = mask.as_tensor()[0].cpu().numpy().astype(np.uint8)
        source = Path(mask.meta["filename_or_obj"])
        affine = mask.meta.get(NIFTI_AFFINE)
        target = self._folder(source) / mask_name(source, self.postfix)
        with _replacing(target) as part:
            if affine is None:
                _palette_image(indices).save(part, format="PNG")
            else:
                nib.Nifti1Image(indices.T[..., None], np.asarray(affine)).to_filename(part)

    def _folder(self, source: Path) -> Path:
        if self.input_dir and source.absolute().is_relative_to(self.input_dir):
            return self.output_dir / source.absolute().parent.relative_to(self.input_dir)
        return self.output_dir


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _palette_image(indices: np.ndarray) -> Image.Image:
    image = Image.fromarray(indices)
    # All 256 colours: Pillow writes a shorter palette with fewer bits, and cuts greater indices.
    image.putpalette([level for i in range(256) for level in PALETTE[i % len(PALETTE)]])
    return image
