"""Find burnt-in marks in one image: bright thin strokes, and coloured graphics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, grey_opening, label

_COLOUR = 0.15  # of [0, 1] between the channels of a coloured pixel
_FEWEST = 3  # seeds of a mark; fewer are noise
_REACH = 4  # widths of a stroke that a mark goes on from its seeds; a line of tissue goes further
_APART = 2  # pixels: seeds twice as far apart are of one mark, as the dots of a dotted line


def found_marks(image: NDArray[np.float32], contrast: float, width: int) -> NDArray[np.bool_]:
    """Tell which pixels belong to burnt-in marks.

    A scanner's resolution across its beams is poor: tissue has no bright strokes that are a few
    pixels wide in a row. What outshines its row so (a white top-hat along the row) is a seed,
    unless it stands alone; the mark is what is connected with seeds, near them, and outshines
    its surroundings by half as much. In a colour image, what is coloured belongs to marks as well.

    Args:
        image: (channel, height, width), in [0, 1], at the resolution at which it was stored:
            marks that were shrunk are as soft as tissue.
        contrast: by how much a seed outshines its row, of [0, 1].
        width: widest stroke, pixels.

    Returns:
        (height, width), bool.
    """
    grey = image.mean(axis=0)
    row = grey - grey_opening(grey, size=(1, width + 1))
    around = grey - grey_opening(grey, size=(width + 1, width + 1))
    seeds = row > contrast
    groups, count = label(binary_dilation(seeds, np.ones((3, 3)), iterations=_APART))
    seeds &= (np.bincount(groups[seeds], minlength=count + 1) >= _FEWEST)[groups]
    strokes = seeds | (around > contrast / 2)
    reach = _REACH * width
    marks: NDArray[np.bool_] = binary_dilation(seeds, np.ones((3, 3)), reach, mask=strokes)
    if len(image) == 3:
        marks |= np.ptp(image, axis=0) > _COLOUR
    return marks
