"""From the stored values of a grey DICOM image to what a viewer shows.

The way of the standard (PS3.4 N.2): modality LUT or rescale, then VOI LUT or window, then the
inversion of MONOCHROME1. Each step is a function of the stored value alone, so that a picture is
one look-up in a table of all values that occur in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.datasets.sources.dicom_header import code
from transforms.picture import PictureError

_DEEPEST_SHALLOW = 8  # bits up to which stored values are grey values as they stand


def to_grey(
    stored: NDArray[Any], elements: Dataset, window: int | None, bits: int, name: str
) -> NDArray[Any]:
    """Gives the grey values that a viewer shows.

    - The modality LUT, or rescale slope and intercept, is applied first.
    - The view ``window`` of the header counts: the VOI LUTs, then the windows (LINEAR, LINEAR_EXACT
      or SIGMOID). The header without any, or ``window`` None: values stored in 8 bits or fewer fill
      the range that these bits have, so that plain 8-bit values stay as they are; deeper ones fill
      the range from the smallest to the greatest value of this frame, without padding.
    - MONOCHROME1 (small is bright) is inverted. PresentationLUTShape says the same twice and is not
      looked at.
    - Pixels of the padding value (or range) become black.

    Args:
        stored: (height, width) whole numbers, as pydicom decodes them.
        elements: the header (of the frame).
        window: index of the view, or nothing for none.
        bits: 8, or 16: then values stored in more than 8 bits fill 16.
        name: what messages call the image.

    Returns:
        (height, width), upright, uint8 in [0, 255] or uint16 in [0, 65535].

    Raises:
        PictureError: the header has no such view, or one that means nothing.
    """
    stored = stored.astype(np.int64)
    low, high = int(stored.min()), int(stored.max())
    padding = _padding(elements)
    bounds = _bounds(stored, elements, padding)
    view = _view(elements, window, bounds, name)
    deep = bits == 16 and _stored_bits(elements) > _DEEPEST_SHALLOW

    def shade(values: NDArray[np.int64]) -> NDArray[Any]:
        grey = view(modality(values, elements, name))
        if elements.PhotometricInterpretation == "MONOCHROME1":
            grey = 1 - grey
        grey[_within(values, padding)] = 0
        return np.rint(grey * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)

    if high - low >= stored.size:
        return shade(stored)
    return shade(np.arange(low, high + 1))[stored - low]


def views(elements: Dataset) -> int:
    """Gives the number of VOI LUTs and windows that a header has."""
    centres, widths = _numbers(elements, "WindowCenter"), _numbers(elements, "WindowWidth")
    return len(elements.get("VOILUTSequence") or ()) + min(len(centres), len(widths))


def modality(values: NDArray[np.int64], elements: Dataset, name: str) -> NDArray[np.float64]:
    """Applies the modality LUT, or rescale slope and intercept.

    Args:
        values: stored values of any shape.
        elements: the header.
        name: what messages call the image.

    Returns:
        Values of the same shape.

    Raises:
        PictureError: the LUT or the slope means nothing.
    """
    tables = elements.get("ModalityLUTSequence")
    if tables:
        first, entries, _ = _table(tables[0], elements, name)
        return entries[np.clip(values - first, 0, len(entries) - 1)].astype(np.float64)
    slope, intercept = elements.get("RescaleSlope"), elements.get("RescaleIntercept")
    if slope is None or intercept is None:
        return values.astype(np.float64)
    if not (np.isfinite(float(slope)) and np.isfinite(float(intercept)) and float(slope)):
        raise PictureError(f"{name} has the rescale slope {slope}; export it again")
    return np.asarray(values * float(slope) + float(intercept), dtype=np.float64)


def _stored_bits(elements: Dataset) -> int:
    return int(elements.get("BitsStored") or elements.BitsAllocated)


def _padding(elements: Dataset) -> tuple[int, int] | None:
    """Gives the range of stored values that are no picture, or nothing."""
    value = elements.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = elements.get("PixelPaddingRangeLimit")
    other = limit if isinstance(limit, int) else value
    return min(value, other), max(value, other)


def _within(values: NDArray[np.int64], span: tuple[int, int] | None) -> NDArray[np.bool_]:
    if span is None:
        return np.zeros(values.shape, dtype=bool)
    return (values >= span[0]) & (values <= span[1])


def _bounds(
    stored: NDArray[np.int64], elements: Dataset, padding: tuple[int, int] | None
) -> NDArray[np.int64]:
    """Gives the stored values that become black and white where there is no window, or reversed."""
    bits = _stored_bits(elements)
    if bits <= _DEEPEST_SHALLOW:
        least = -(2 ** (bits - 1)) if elements.get("PixelRepresentation") == 1 else 0
        return np.array([least, least + 2**bits - 1])
    picture = stored[~_within(stored, padding)] if padding else stored
    picture = picture if picture.size else stored
    return np.array([picture.min(), picture.max()])


View = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _view(elements: Dataset, window: int | None, bounds: NDArray[np.int64], name: str) -> View:
    """Gives the function from values after the modality LUT to [0, 1]."""
    count = views(elements)
    if window is None or not count:
        low, high = sorted(modality(bounds, elements, name).tolist())
        return lambda values: np.clip((values - low) / ((high - low) or 1), 0, 1)
    if window >= count:
        raise PictureError(
            f"{name} has {count} windows; --window-index {window} (counted from 0) is not among "
            "them. Choose a smaller one"
        )
    tables: Sequence[Dataset] = elements.get("VOILUTSequence") or ()
    if window < len(tables):
        return _lookup(tables[window], elements, name)
    return _window(elements, window - len(tables), name)


def _lookup(item: Dataset, elements: Dataset, name: str) -> View:
    """Makes the function of a VOI LUT."""
    first, entries, depth = _table(item, elements, name)
    levels = entries / (2**depth - 1)
    return lambda values: levels[
        np.clip(np.rint(values).astype(np.int64) - first, 0, len(levels) - 1)
    ]


def _window(elements: Dataset, index: int, name: str) -> View:
    """Makes the function of a window, by PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    centre = _numbers(elements, "WindowCenter")[index]
    width = _numbers(elements, "WindowWidth")[index]
    shape = code(elements, "VOILUTFunction").upper() or "LINEAR"
    least = 1 if shape == "LINEAR" else 0
    if not (np.isfinite(centre) and np.isfinite(width) and width >= least and width > 0):
        raise PictureError(
            f"{name} has a window of the centre {centre:g} and the width {width:g}, which means "
            "nothing. Choose another one by --window-index, or none by --window-index none"
        )
    if shape == "SIGMOID":
        return lambda values: 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if shape not in ("LINEAR", "LINEAR_EXACT"):
        raise PictureError(
            f"{name} has a window of the kind {shape}; expected LINEAR, LINEAR_EXACT or SIGMOID. "
            "Take none by --window-index none"
        )
    if shape == "LINEAR":
        centre, width = centre - 0.5, width - 1
    if width == 0:
        return lambda values: (values > centre).astype(np.float64)
    return lambda values: np.clip((values - centre) / width + 0.5, 0, 1)


def _numbers(elements: Dataset, keyword: str) -> list[float]:
    """Gives an element's values as numbers, one or several."""
    value = elements.get(keyword)
    if value is None or value == "":
        return []
    several = hasattr(value, "__iter__") and not isinstance(value, str)
    return [float(each) for each in (value if several else [value])]


def _table(item: Dataset, elements: Dataset, name: str) -> tuple[int, NDArray[np.int64], int]:
    """Gives a LUT: the value of its first entry, the entries, and their bits."""
    count, first, depth = (int(each) for each in item.LUTDescriptor)
    count = count or 2**16
    data = item.LUTData
    if isinstance(data, bytes):
        order = "<" if elements.original_encoding[1] else ">"
        wide = len(data) >= 2 * count
        entries = np.frombuffer(data, dtype=f"{order}u2" if wide else "u1")
    else:
        entries = np.atleast_1d(np.asarray(data, dtype=np.int64))
    if not 8 <= depth <= 16 or len(entries) < count:
        raise PictureError(
            f"{name} has a look-up table of {len(entries)} entries of {depth} bits; expected "
            f"{count} of 8 to 16. Export it again"
        )
    return first, np.minimum(entries[:count].astype(np.int64), 2**depth - 1), depth
