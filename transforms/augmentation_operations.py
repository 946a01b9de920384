"""The single changes of an image that an augmentation policy draws from, each with a strength.

Those that move pixels (``MOVES``) take images and masks; those that change values (``TONES``)
take images in [0, 1] and may leave that range. What MONAI has is MONAI's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from monai.networks.layers import gaussian_1d, separable_filtering
from monai.transforms import Affine, HistogramNormalize
from monai.utils import convert_to_tensor

_SHARPEN_SIGMA = 1.0
_GREY_LEVELS = 256


class Draw(NamedTuple):
    """What was drawn for one image.

    Attributes:
        name: the operation.
        amount: its strength, with its sign; see ``Operation``.
        place: where a crop lies, from top left (-1, -1) to bottom right (1, 1).
        seed: of noise.
    """

    name: str
    amount: float = 0.0
    place: tuple[float, float] = (0.0, 0.0)
    seed: int = 0


class Operation(NamedTuple):
    """A change of an image of (channel, height, width).

    Attributes:
        apply: gives the changed image from the image and what was drawn; a move takes the mode of
            its interpolation, too.
        largest: the largest strength by default, 0 for an operation without one.
        limit: no strength is larger.
        signed: whether the strength may as well be negative.
    """

    apply: Callable[..., torch.Tensor]
    largest: float
    limit: float
    signed: bool = True


def _affine(image: torch.Tensor, mode: str, **parameters: Any) -> torch.Tensor:
    moved = Affine(**parameters, mode=mode, padding_mode="zeros", image_only=True)(image)
    return convert_to_tensor(moved, track_meta=False)


def _rotate(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return _affine(image, mode, rotate_params=math.radians(draw.amount))


def _translate_x(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return _affine(image, mode, translate_params=(0, -draw.amount * image.shape[2]))


def _translate_y(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return _affine(image, mode, translate_params=(-draw.amount * image.shape[1], 0))


def _shear_x(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return _affine(image, mode, shear_params=(0, draw.amount))


def _shear_y(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return _affine(image, mode, shear_params=(draw.amount, 0))


def _zoom(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    factor = 1 / (1 + draw.amount)
    return _affine(image, mode, scale_params=(factor, factor))


def _crop(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    kept = 1 - draw.amount
    shift = [
        where * draw.amount * (side - 1) / 2
        for where, side in zip(draw.place, image.shape[1:], strict=True)
    ]
    return _affine(image, mode, translate_params=shift, scale_params=(kept, kept))


def _flip_horizontal(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return image.flip(2)


def _flip_vertical(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return image.flip(1)


def _identity(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return image


def _brightness(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return image * (1 + draw.amount)


def _contrast(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    mean = image.mean()
    return mean + (image - mean) * (1 + draw.amount)


def _gamma(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return image.clamp(min=0) ** (2**draw.amount)


def _blurred(image: torch.Tensor, sigma: float) -> torch.Tensor:
    if sigma == 0:
        return image
    kernel = gaussian_1d(torch.tensor(sigma))
    # MONAI's GaussianSmooth takes what lies outside for black, and darkens the margin.
    return separable_filtering(image[None], [kernel, kernel], mode="replicate")[0]


def _blur(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return _blurred(image, draw.amount)


def _sharpen(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return image + draw.amount * (image - _blurred(image, _SHARPEN_SIGMA))


def _noise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    generator = torch.Generator().manual_seed(draw.seed)
    return image + draw.amount * torch.randn(image.shape, generator=generator)


def _solarise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return torch.where(image >= 1 - draw.amount, 1 - image, image)


def _posterise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    levels = 2 ** round(8 - draw.amount)
    return (image.clamp(0, 1) * (levels - 1)).round() / (levels - 1)


def _equalise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    equalised = HistogramNormalize(num_bins=_GREY_LEVELS, min=0, max=1)(image)
    return convert_to_tensor(equalised, track_meta=False)


MOVES: dict[str, Operation] = {
    "rotate": Operation(_rotate, 15.0, 180.0),  # degrees
    "translate_x": Operation(_translate_x, 0.12, 1.0),  # parts of the width
    "translate_y": Operation(_translate_y, 0.12, 1.0),  # parts of the height
    "shear_x": Operation(_shear_x, 0.15, 1.0),  # tangent
    "shear_y": Operation(_shear_y, 0.15, 1.0),  # tangent
    "zoom": Operation(_zoom, 0.25, 0.9),  # factor, less 1
    "crop": Operation(_crop, 0.3, 0.9, signed=False),  # part of each side that is cut off
    "flip_horizontal": Operation(_flip_horizontal, 0.0, 0.0),  # left to right
    "flip_vertical": Operation(_flip_vertical, 0.0, 0.0),  # top to bottom
}

TONES: dict[str, Operation] = {
    "identity": Operation(_identity, 0.0, 0.0),
    "brightness": Operation(_brightness, 0.3, 1.0),  # factor, less 1
    "contrast": Operation(_contrast, 0.4, 1.0),  # factor about the mean, less 1
    "gamma": Operation(_gamma, 0.6, 4.0),  # binary logarithm of the exponent
    "blur": Operation(_blur, 1.5, 20.0, signed=False),  # sigma in pixels
    "sharpen": Operation(_sharpen, 1.0, 10.0, signed=False),  # part of the fine detail added
    "noise": Operation(_noise, 0.05, 1.0, signed=False),  # standard deviation
    "solarise": Operation(_solarise, 1.0, 1.0, signed=False),  # 1, less the value inverted from
    "posterise": Operation(_posterise, 4.0, 7.0, signed=False),  # bits of 8 that are lost
    "equalise": Operation(_equalise, 0.0, 0.0),
}

OPERATIONS = {**MOVES, **TONES}

ON_REQUEST = ("flip_vertical", "solarise", "posterise", "equalise")
"""Operations that make of a medical image one that no machine makes: only where they are named."""
