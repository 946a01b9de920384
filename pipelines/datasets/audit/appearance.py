"""What a picture looks like, in a few numbers: enough to tell a photograph among radiographs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 160  # pixels of the longer side of the copy that is described
_DARK, _BRIGHT = 16, 245  # greys: nearly black, nearly white
_WHITE = 250  # greys: white, or too bright to be told from it
_SPARSE = 0.15  # share of pixels that are not even, of text on white
_LEVELS = 8  # greys by which a pixel must differ from the middle one to be content
_LEAST = 32  # of the shorter side
_SCALES = 5  # each twice as coarse as the one before


def eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Gives a picture with 8 bits; 16 bits are stretched between its percentiles 0.5 and 99.5.

    Args:
        pixels: (height, width) or (height, width, 3), uint8 or uint16.

    Returns:
        The same shape, uint8.
    """
    if pixels.dtype == np.uint8:
        return pixels
    step = 1 + max(pixels.shape) // 1024
    low, high = np.percentile(pixels[::step, ::step], [0.5, 99.5])
    scaled = (pixels - np.float32(low)) * np.float32(255 / max(float(high - low), 1.0))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def content(pixels: NDArray[Any]) -> float:
    """Gives the share of the pixels that differ from the middle value by more than a few levels.

    Args:
        pixels: grey (height, width), uint8 or uint16.

    Returns:
        0 (one value, or noise of a few levels) to 1.
    """
    counts = np.bincount(pixels.ravel())
    middle = int(np.searchsorted(np.cumsum(counts), pixels.size / 2))
    low, high = max(middle - _LEVELS, 0), middle + _LEVELS
    return 1 - float(counts[low : high + 1].sum() / pixels.size)


def flat(grey: NDArray[np.uint8]) -> float:
    """Gives the share of the pixels that are not dark and equal their neighbours above and left.

    Every recording has noise, but for its black ground; what a computer drew has none. White
    counts only where there is hardly anything else: radiographs have white margins.

    Args:
        grey: (height, width).

    Returns:
        0 to 1.
    """
    here, left, above = grey[1:, 1:], grey[1:, :-1], grey[:-1, 1:]
    if not here.size:
        return 0.0
    even = (here == left) & (here == above)
    white = here >= _WHITE
    between = float((even & ~white & (here >= _DARK)).mean())
    return between + float((even & white).mean()) * (even.mean() >= 1 - _SPARSE)


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scales a picture to the longer side at which pictures are described."""
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(_LEAST, round(width * scale)), max(_LEAST, round(height * scale)))
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(pixels).resize(size, way))


def look(grey: NDArray[np.uint8]) -> tuple[float, ...]:
    """Describes brightness, layout, texture and edges of a picture.

    Args:
        grey: (height, width).

    Returns:
        21 numbers: the shares that are nearly black and nearly white; the entropy; five
        percentiles of the brightness; that of the top, bottom and sides, and of the centre; the
        contrast at six scales; and of the edges how many run straight along the axes, how far they
        prefer one axis, and how sparse they are. Each is of the order of one.
    """
    copy = reduced(grey)
    values = copy.astype(np.float32)
    return (*_brightness(copy, values), *_layout(values), *_texture(values), *_edges(values))


def _brightness(copy: NDArray[np.uint8], values: NDArray[np.float32]) -> list[float]:
    share = np.bincount(copy.ravel(), minlength=256) / copy.size
    used = share[share > 0]
    entropy = -float((used * np.log2(used)).sum()) / 8
    levels = np.searchsorted(np.cumsum(share), [0.05, 0.25, 0.5, 0.75, 0.95]) / 255
    return [
        float(share[:_DARK].sum()),
        float(share[_BRIGHT:].sum()),
        entropy,
        *levels.tolist(),
    ]


def _layout(values: NDArray[np.float32]) -> list[float]:
    height, width = values.shape
    rows, columns = max(2, height // 16), max(2, width // 16)
    sides = values[:, :columns].mean() + values[:, -columns:].mean()
    centre = values[height // 4 : -(height // 4), width // 4 : -(width // 4)].mean()
    places = (values[:rows].mean(), values[-rows:].mean(), sides / 2, centre)
    return [float(place) / 255 for place in places]


def _texture(values: NDArray[np.float32]) -> list[float]:
    """Gives the logarithms of the contrast at each scale, from fine to coarse, and of the rest."""
    finer, bands = values, []
    for _ in range(_SCALES):
        height, width = (length // 2 * 2 for length in finer.shape)
        corners = finer[:height, :width].reshape(height // 2, 2, width // 2, 2)
        coarser = corners.mean(axis=(1, 3))
        bands.append(float(np.log(np.abs(corners - coarser[:, None, :, None]).mean() + 0.1)))
        finer = coarser
    return [*bands, float(np.log(finer.std() + 0.1))]


def _edges(values: NDArray[np.float32]) -> list[float]:
    down = values[2:, 1:-1] - values[:-2, 1:-1]
    across = values[1:-1, 2:] - values[1:-1, :-2]
    strength = np.hypot(across, down)
    tenth = strength.size - strength.size // 10
    strong = strength >= np.partition(strength.ravel(), tenth)[tenth]
    angle = np.arctan2(np.abs(down[strong]), np.abs(across[strong]))
    straight = ((angle < 0.1) | (angle > np.pi / 2 - 0.1)).mean()
    one_way = np.log((np.abs(across).mean() + 0.1) / (np.abs(down).mean() + 0.1))
    sparse = np.log((np.square(strength).mean() + 0.1) / (np.square(strength.mean()) + 0.1))
    return [float(straight), float(one_way), float(sparse)]
