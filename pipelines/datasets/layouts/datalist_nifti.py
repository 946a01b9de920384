"""The NIfTI files of a datalist: 2-D ones, and masks that lie on their images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.layouts.walk import shown
from pipelines.datasets.sources.source import ImageSource, MaskSource, files_of
from pipelines.errors import InputError
from transforms.picture import PictureError

if TYPE_CHECKING:
    from pipelines.datasets.sources.nifti_header import NiftiHeader

_SUFFIXES = (".nii", ".nii.gz")


def is_nifti(path: PurePath) -> bool:
    """Tells whether a file is NIfTI by its suffix."""
    return path.name.casefold().endswith(_SUFFIXES)


def check_flat(raw: Path, path: PurePosixPath, what: str) -> None:
    """Refuses a NIfTI file that is a volume, by its header; pictures pass.

    Args:
        raw: the raw folder.
        path: the file, below it.
        what: ``image`` or ``label``, for messages.

    Raises:
        InputError: it is a volume, or its header cannot be read.
    """
    if not is_nifti(path):
        return
    header = _header(raw, path, what)
    if not header.is_flat:
        shape = " x ".join(map(str, header.shape))
        raise InputError(
            f'names the {what} "{path}", a volume of {shape}; expected a 2-D image. Cut volumes '
            "into slices with med2d convert nifti"
        )


def check_on_image(raw: Path, image: PurePosixPath, mask: PurePosixPath) -> None:
    """Refuses a NIfTI mask that lies otherwise than its NIfTI image; pictures pass.

    Args:
        raw: the raw folder.
        image: the image, below it.
        mask: the mask, below it.

    Raises:
        InputError: their shapes or directions differ, or a header cannot be read.
    """
    if not (is_nifti(image) and is_nifti(mask)):
        return
    from pipelines.datasets.sources.nifti_alike import check_alike

    headers = _header(raw, image, "image"), _header(raw, mask, "label")
    try:
        check_alike(*headers, f'image "{shown(image)}"', shown(mask))
    except PictureError as error:
        raise InputError(f"names a mask that does not lie on its image: {error}") from None


def turned_by_half(root: Path, samples: Sequence[Sample]) -> list[str]:
    """Warns of files that their transform turns by half, which programs write unasked.

    Args:
        root: the raw folder.
        samples: what is converted.

    Returns:
        A warning, or none.
    """
    turned = [file for sample in samples if (file := _turned_file(sample))]
    if not turned:
        return []
    from transforms.nifti_orientation import turned_by_half_text

    first = PurePosixPath(turned[0].relative_to(root).as_posix())
    return [turned_by_half_text(len(turned), shown(first))]


def _turned_file(sample: Sample) -> Path | None:
    """Gives the image, or else a mask, that is turned by half."""
    from pipelines.datasets.sources.nifti_header import read_header
    from transforms.nifti_orientation import is_turned_by_half

    sources: tuple[ImageSource | MaskSource, ...] = (sample.image, *sample.masks)
    for source in sources:
        for file in files_of(source):
            if is_nifti(file) and is_turned_by_half(read_header(file, file.name).orientation):
                return file
    return None


def _header(raw: Path, path: PurePosixPath, what: str) -> NiftiHeader:
    from pipelines.datasets.sources.nifti_header import read_header

    try:
        return read_header(raw / path, f'the {what} "{path}"')
    except PictureError as error:
        raise InputError(f"names {error}") from None
