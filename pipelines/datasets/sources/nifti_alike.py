"""Whether the mask of a NIfTI image lies on it, by their headers."""

from __future__ import annotations

from pipelines.datasets.sources.nifti_header import NiftiHeader
from transforms.nifti_orientation import letters, stand_alike
from transforms.picture import PictureError


def check_alike(header: NiftiHeader, mask: NiftiHeader, name: str, source: str) -> None:
    """Refuses a mask that does not lie on its image.

    Args:
        header: of the image.
        mask: that of the mask.
        name: what messages call the image.
        source: the path of the mask, for messages.

    Raises:
        PictureError: the shapes differ, or the directions of the axes. Of 2-D images, one without a
            transform may go with one whose transform leaves it as it stands.
    """
    if mask.shape != header.shape:
        raise PictureError(
            f'{name} has the shape {header.shape}, its mask "{source}" {mask.shape}; resample the '
            "mask to the image, by nearest neighbour"
        )
    theirs, its = header.orientation, mask.orientation
    unsaid = header.is_flat and (theirs is None or its is None)
    if not (stand_alike(theirs, its) if unsaid else theirs == its):
        raise PictureError(
            f'{name} and its mask "{source}" lie differently in space by their headers '
            f"({directions_named(header)} and {directions_named(mask)}); save the mask with the "
            "transform of the image"
        )


def directions_named(header: NiftiHeader) -> str:
    """Names the directions of the axes, such as RAS, or LP of a 2-D image."""
    found = header.orientation
    return letters(found and found[: len(header.shape)])
