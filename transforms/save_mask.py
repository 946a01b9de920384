"""Write a predicted mask as a PNG of its input's size, or as NIfTI where the input was one."""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, SaveImaged
from PIL import Image

from transforms.nifti_orientation import as_stored, directions, picture_axes
from transforms.upright_reader import NIFTI_SUFFIXES

PALETTE = ((0, 0, 0), (255, 255, 255), (230, 159, 0), (86, 180, 233), (0, 158, 115))
"""Colours of the class indices: black, white, then those of Okabe and Ito (2008), then again."""

_PLACE = (  # what a NIfTI header says of where its array lies (nifti1.h)
    "pixdim",
    "xyzt_units",
    "qform_code",
    "sform_code",
    "quatern_b",
    "quatern_c",
    "quatern_d",
    "qoffset_x",
    "qoffset_y",
    "qoffset_z",
    "srow_x",
    "srow_y",
    "srow_z",
)


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


class SaveImageMaskd(SaveImaged):
    """Save class-index masks of shape (1, height, width), upright, under the input's own name.

    A picture's mask is a palette PNG: its pixels are the class indices and a viewer shows them in
    colours. The mask of a NIfTI input is a NIfTI that overlays it voxel by voxel: turned back to
    the input's array, with its shape and its transform, and nothing else of its header. A file is
    written beside and renamed into place, so that a stopped run leaves no half file.

    It is a ``SaveImaged`` by name alone: MONAI Label and MONAI Deploy, which write results
    themselves, leave those out of a bundle's postprocessing.

    Args:
        keys: keys of the masks; each needs metadata with the input's file name.
        output_dir: folder of the masks, made where it is missing.
        input_dir: the folder that the inputs stand in; their sub-folders are kept.
        postfix: put between the input's stem and the suffix, for instance ``_mask``.
        colours: red, green and blue of each index, 0 to 255; ``PALETTE`` where not given.

    Raises:
        ValueError: a mask that is not of one channel, without the input's file name, or of another
            size than its NIfTI input.
        OSError: the folder cannot be written, or a NIfTI input is gone.
    """

    def __init__(
        self,
        keys: KeysCollection,
        output_dir: str,
        input_dir: str | None = None,
        postfix: str = "_mask",
        colours: Sequence[Sequence[int]] | None = None,
    ) -> None:
        MapTransform.__init__(self, keys)
        self.colours = PALETTE if colours is None else colours
        self.output_dir = Path(output_dir)
        self.input_dir = Path(input_dir).absolute() if input_dir else None
        self.postfix = postfix

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Write the masks of one case and give the case back unchanged."""
        for key in self.key_iterator(dict(data)):
            self._save(data[key], str(key))
        return dict(data)

    def _save(self, mask: torch.Tensor, key: str) -> None:
        indices, source = self._indices(mask, key)
        target = self._folder(source) / mask_name(source, self.postfix)
        with replacing(target) as part:
            if target.suffix == ".png":
                palette_image(indices, self.colours).save(part, format="PNG")
            else:
                _nifti_image(indices, source).to_filename(part)

    def _indices(self, mask: torch.Tensor, key: str) -> tuple[np.ndarray, Path]:
        """Class indices (height, width), uint8, and the file that they are of."""
        if not isinstance(mask, MetaTensor) or "filename_or_obj" not in mask.meta:
            raise ValueError(f"{key} carries no file name; expected a MetaTensor of a loaded file")
        if mask.ndim != 3 or mask.shape[0] != 1:
            raise ValueError(
                f"{key} has the shape {tuple(mask.shape)}; expected (1, height, width)"
            )
        indices = mask.as_tensor()[0].cpu().numpy().astype(np.uint8)
        return indices, Path(mask.meta["filename_or_obj"])

    def _folder(self, source: Path) -> Path:
        if self.input_dir and source.absolute().is_relative_to(self.input_dir):
            return self.output_dir / source.absolute().parent.relative_to(self.input_dir)
        return self.output_dir


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Gives a path beside a file to write to; what is written takes the file's place when whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def palette_image(indices: np.ndarray, colours: Sequence[Sequence[int]]) -> Image.Image:
    """Gives class indices (height, width), uint8, as an image that viewers show in colours."""
    image = Image.fromarray(indices)
    # All 256 colours: Pillow writes a shorter palette with fewer bits, and cuts greater indices.
    image.putpalette([level for i in range(256) for level in colours[i % len(colours)]])
    return image


def _nifti_image(indices: np.ndarray, source: Path) -> nib.Nifti1Image:
    """Lays a mask on the array of its input, which still says how that lies."""
    image = nib.load(source)
    shape, found = image.shape, directions(image.header)
    axes = picture_axes(shape) or (0, 1)
    plane = as_stored(indices, found, axes)
    if math.prod(shape) != plane.size or plane.shape != (shape[axes[0]], shape[axes[1]]):
        raise ValueError(
            f"the mask of {source} has the shape {indices.shape}, and does not fit on its array of "
            f"{shape}; expected the size in which it was read"
        )
    header = image.header_class()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(shape)  # before the rest: it sets some of pixdim
    for field in _PLACE:
        header[field] = image.header[field]
    return type(image)(plane.reshape(shape), None, header)
