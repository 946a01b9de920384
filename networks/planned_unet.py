"""A U-Net as deep as its images are large, in the spirit of nnU-Net."""

from __future__ import annotations

from monai.networks.nets import DynUNet

from networks.arguments import flag, whole_number
from networks.errors import NetworkError

LEAST = 4
"""Rows and columns below which nnU-Net makes no maps."""

_FEWEST = 3  # levels that DynUNet needs


def plan_strides(image_size: int) -> list[int]:
    """Plans how often a network halves its maps: as long as they do not fall below ``LEAST``.

    nnU-Net plans its networks so (Isensee et al. 2021, doi:10.1038/s41592-020-01008-z), and pads
    images whose sides do not divide; here maps of an odd size are not halved further. All kernels
    are 3 x 3, as in nnU-Net where pixels are square.

    Args:
        image_size: side of the square images in pixels.

    Returns:
        The stride of each level; that of the first is 1.

    Raises:
        NetworkError: the images are too small for three levels.

    Examples:
        >>> plan_strides(128)
        [1, 2, 2, 2, 2, 2]
        >>> plan_strides(72)
        [1, 2, 2, 2]
    """
    strides, size = [1], whole_number("image_size", image_size)
    while size % 2 == 0 and size >= 2 * LEAST:
        strides.append(2)
        size //= 2
    if len(strides) < _FEWEST:
        raise NetworkError(
            f"image_size is {image_size}; a planned network needs sides that can be halved twice "
            f"to {LEAST} pixels or more, for instance {max(32, image_size // 32 * 32)}"
        )
    return strides


def planned_unet(
    image_size: int,
    in_channels: int = 1,
    out_channels: int = 1,
    filters: int = 32,
    most_filters: int = 512,
    residual: bool | str = False,
) -> DynUNet:
    """Makes MONAI's ``DynUNet`` with levels planned from the image size.

    Args:
        image_size: side of the square images in pixels; see ``plan_strides``.
        in_channels: channels of the images.
        out_channels: logits a pixel.
        filters: channels of the first level; each next one has twice as many, and
        most_filters: at most so many.
        residual: whether the blocks are residual ones.

    Returns:
        From images (batch, in_channels, height, width) to logits (batch, out_channels, height,
        width), with instance norm and leaky ReLU.

    Raises:
        NetworkError: the images are too small, or another argument is out of its range.
    """
    strides = plan_strides(image_size)
    whole_number("filters", filters)
    whole_number("most_filters", most_filters, least=filters)
    return DynUNet(
        spatial_dims=2,
        in_channels=whole_number("in_channels", in_channels),
        out_channels=whole_number("out_channels", out_channels),
        kernel_size=[3] * len(strides),
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=[min(filters * 2**level, most_filters) for level in range(len(strides))],
        res_block=flag("residual", residual),
    )
