"""What the values of an array of pictures mean, told by the dtype and the range of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.sources.stored_array import StoredArray
from pipelines.errors import InputError

Levels = Literal["two", "whole8", "whole16", "unit", "byte"]

RANGES: dict[Levels, str] = {
    "two": "false and true",
    "whole8": "whole numbers from 0 to 255",
    "whole16": "whole numbers from 0 to 65535",
    "unit": "0 to 1",
    "byte": "0 to 255",
}
"""What each kind holds, in words."""

_ROUNDING = 1e-4  # resizing and float16 miss an end of the range by as much
_TOO_DARK = 16  # no float array of 0 to 255 is darker than this everywhere


@dataclass(frozen=True)
class Found:
    """What an array of pictures holds.

    Attributes:
        levels: what its values mean.
        broken: the rows with a value that is no number (NaN or infinite).
    """

    levels: Levels
    broken: tuple[int, ...] = ()


def find_levels(array: StoredArray) -> Found:
    """Tells what the values mean; reads the whole array, in blocks, unless the dtype says it.

    ======================  =========================================  ======================
    dtype                   range of all finite values                 pixels
    ======================  =========================================  ======================
    bool                    (not looked at)                            uint8, 0 and 255
    uint8                   (not looked at)                            as they are
    uint16                  (not looked at)                            uint16, as they are
    another whole dtype     0 to 255                                   uint8, as they are
    another whole dtype     0 to 65535                                 uint16, as they are
    float                   0 to 1 (either end ± 0.0001)               uint8, times 255, rounded
    float                   0 to 255 (± 0.0001), the largest above 16  uint8, rounded
    ======================  =========================================  ======================

    Args:
        array: the pictures.

    Returns:
        What they hold.

    Raises:
        InputError: text, another range (it is named), or no finite value.
    """
    if array.kind in "SU":
        raise InputError(f"{array.name} holds text; expected pictures. Is it the targets?")
    known: dict[str, Levels] = {"b1": "two", "u1": "whole8", "u2": "whole16"}
    if array.dtype[1:] in known:
        return Found(known[array.dtype[1:]])
    low, high, broken = _range(array)
    if low > high:
        raise InputError(f"{array.name} holds no number: every value is NaN or infinite")
    fitting = _float_levels if array.kind == "f" else _whole_levels
    levels = fitting(low, high)
    if levels is None:
        raise InputError(f"{array.name} holds {_refused(array.kind, low, high)}")
    return Found(levels, broken)


def to_pixels(values: NDArray[Any], levels: Levels) -> NDArray[Any]:
    """Makes pixels of values.

    Args:
        values: of any shape, in the range of ``levels``.
        levels: what they mean.

    Returns:
        uint8, or uint16 for ``whole16``, of the same shape.
    """
    if levels == "two":
        return values.astype(np.uint8) * np.uint8(255)
    if levels == "whole16":
        return values.astype(np.uint16, copy=False)
    if levels == "whole8":
        return values.astype(np.uint8, copy=False)
    scale = 255 if levels == "unit" else 1
    # In at least single precision: half would miss a level.
    exact = values.astype(np.result_type(values.dtype, np.float32)) * scale
    return np.rint(exact).clip(0, 255).astype(np.uint8)


def _range(array: StoredArray) -> tuple[float, float, tuple[int, ...]]:
    """Gives the least and the largest finite value, and the rows that hold others."""
    low, high, broken = np.inf, -np.inf, []
    for start, block in array.blocks():
        least, largest = block.min(), block.max()
        if not (np.isfinite(least) and np.isfinite(largest)):
            finite = np.isfinite(block)
            bad = np.flatnonzero(~finite.reshape(len(block), -1).all(axis=1))
            broken.extend((bad + start).tolist())
            block = block[finite]
            if not block.size:
                continue
            least, largest = block.min(), block.max()
        low, high = min(low, least.item()), max(high, largest.item())
    return low, high, tuple(broken)


def _float_levels(low: float, high: float) -> Levels | None:
    if low < -_ROUNDING or high > 255 + _ROUNDING:
        return None
    if high <= 1 + _ROUNDING:
        return "unit"
    return "byte" if high > _TOO_DARK else None


def _whole_levels(low: float, high: float) -> Levels | None:
    if low < 0 or high > 65535:
        return None
    return "whole8" if high <= 255 else "whole16"


def _refused(kind: str, low: float, high: float) -> str:
    """Names a range that is none of pictures, and what to do."""
    found = f"values from {low:.6g} to {high:.6g}"
    if kind != "f":
        return f"{found}; expected whole numbers from 0 to 255, or to 65535. Save them so"
    if 1 < high <= _TOO_DARK and low >= -_ROUNDING:
        return (
            f"{found}, neither 0 to 1 nor plausibly 0 to 255. Save the pictures as they were "
            "before they were normalised, or clip what resizing overshot: np.clip(array, 0, 1)"
        )
    return (
        f"{found}; expected 0 to 1 or 0 to 255. Save the pictures as they were before they were "
        "normalised"
    )
