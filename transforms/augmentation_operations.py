"""The single changes of an image that an augmentation policy draws from, each with a strength.

Those that move or cut pixels (``MOVES``) take images and masks; those that change values
(``TONES``) take images in [0, 1] and may leave that range. What MONAI has is MONAI's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.networks.layers import gaussian_1d, separable_filtering
from monai.transforms import Affine, HistogramNormalize
from monai.utils import convert_to_tensor

from transforms.acoustic_shadow import shadowed
from transforms.deformation import elastic, grid_distorted
from transforms.depth_attenuation import attenuated
from transforms.drawn_marks import MARKS
from transforms.haze import hazed
from transforms.lit_area import Box
from transforms.mark_simulation import marked
from transforms.probe_sector import in_sector
from transforms.speckle import speckled
from transforms.time_gain import time_gained

_SHARPEN_SIGMA = 1.0
_GREY_LEVELS = 256
_SHADOW = (0.6, 0.08)  # deepest beginning, width: parts of the height and of the width
_HAZE_WIDTH = 0.12  # parts of the depth
_SPECKLE_GRAIN = (0.5, 1.0)  # pixels
_MARKS = (0.9, 0.06)  # grey of the ink, height of a letter in parts of the side
_SLIDERS = 8


class Draw(NamedTuple):
    """What was drawn for one image.

    Attributes:
        name: the operation.
        amount: its strength, with its sign; see ``Operation``.
        place: where a crop lies, from top left (-1, -1) to bottom right (1, 1); also a shadow's or
            a haze's place.
        seed: of noise, of a deformation, of marks.
        box: where the image is lit; the whole image where not given.
    """

    name: str
    amount: float = 0.0
    place: tuple[float, float] = (0.0, 0.0)
    seed: int = 0
    box: Box | None = None


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


def _sector(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return in_sector(image, draw.amount, draw.box)


def _elastic(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return elastic(image, draw.amount, draw.seed, mode)


def _grid(image: torch.Tensor, draw: Draw, mode: str) -> torch.Tensor:
    return grid_distorted(image, draw.amount, draw.seed, mode)


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
    return torch.where(image > 1 - draw.amount, 1 - image, image)


def _posterise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    if not round(draw.amount):
        return image
    levels = 2 ** round(8 - draw.amount)
    return (image.clamp(0, 1) * (levels - 1)).round() / (levels - 1)


def _equalise(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    if image.min() == image.max():  # an even image has no histogram to spread
        return image
    equalised = HistogramNormalize(num_bins=_GREY_LEVELS, min=0, max=1)(image)
    return convert_to_tensor(equalised, track_meta=False)


def _speckle(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return speckled(image, draw.amount, 1.0, _SPECKLE_GRAIN, draw.seed)


def _acoustic_shadow(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    top, left = ((1 + where) / 2 for where in draw.place)
    deepest, width = _SHADOW
    return shadowed(image, draw.amount, left, deepest * top, width)


def _depth_attenuation(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return attenuated(image, draw.amount)


def _time_gain(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    sliders = np.random.RandomState(draw.seed).uniform(-1, 1, _SLIDERS)
    return time_gained(image, (draw.amount * sliders).tolist())


def _haze(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    return hazed(image, draw.amount, (1 + draw.place[0]) / 2, _HAZE_WIDTH, draw.seed)


def _marks(image: torch.Tensor, draw: Draw) -> torch.Tensor:
    kind = list(MARKS)[draw.seed % len(MARKS)]
    return marked(image, [kind], draw.amount, *_MARKS, draw.seed)


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
    "sector": Operation(_sector, 60.0, 120.0, signed=False),  # opening of the fan, degrees
    "elastic": Operation(_elastic, 0.015, 0.1, signed=False),  # parts of the shorter side
    "grid": Operation(_grid, 0.3, 0.9, signed=False),  # parts of a cell
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
    "speckle": Operation(_speckle, 0.3, 1.0, signed=False),  # part of it, by the Rayleigh law
    "acoustic_shadow": Operation(_acoustic_shadow, 0.8, 1.0, signed=False),  # part that is lost
    "depth_attenuation": Operation(_depth_attenuation, 12.0, 60.0, signed=False),  # dB, bottom
    "time_gain": Operation(_time_gain, 8.0, 60.0, signed=False),  # dB, either way, of each slider
    "haze": Operation(_haze, 0.5, 1.0, signed=False),  # brightest it may be
    "marks": Operation(_marks, 1.0, 1.0, signed=False),  # opacity
}

OPERATIONS = {**MOVES, **TONES}

ULTRASOUND = (
    *("speckle", "acoustic_shadow", "depth_attenuation", "time_gain", "haze", "marks"),
    *("sector", "elastic", "grid"),
)
"""Operations that imitate what a scanner, an operator or a soft tissue does."""

ON_REQUEST = ("flip_vertical", "solarise", "posterise", "equalise", *ULTRASOUND)
"""Operations only where they are named: of an image that no machine makes, or of one modality."""
