"""A colour for each class that colour-blind readers can tell from the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from pipelines.datasets.dataset import Dataset

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""

PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
)
"""Orange, sky blue, green, yellow, vermilion, purple, blue: Okabe and Ito 2008, "Color universal
design", without their black."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_DARK = 90


def class_colours(dataset: Dataset) -> dict[int, Colour]:
    """Gives the colour of every class that has one: those that the data came with, else ours.

    Args:
        dataset: the dataset. In a segmentation the index 0 is the background, which has none.

    Returns:
        Class index to colour, in the order of the indices. Past the seventh, lighter colours
        follow, then darker ones.
    """
    first = 1 if dataset.task == "segmentation" else 0
    indices = sorted(index for index in map(int, dataset.labels) if index >= first)
    own = dict(enumerate(dataset.colours))
    return {index: own.get(index, ours) for index, ours in zip(indices, _endless(), strict=False)}


def rim_of(colour: Colour) -> Colour:
    """Gives the colour of the rim that makes a line of ``colour`` stand out from any ground."""
    luma = sum(weight * level for weight, level in zip(_LUMA, colour, strict=True))
    return WHITE if luma < _DARK else BLACK


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Mixes a colour with a share (0 to 1) of another."""
    red, green, blue = (
        round((1 - share) * one + share * two) for one, two in zip(colour, other, strict=True)
    )
    return red, green, blue


def _endless() -> Iterator[Colour]:
    """Yields the palette, its lighter and its darker colours, then the palette for ever."""
    lighter = (mixed(colour, WHITE, 0.5) for colour in PALETTE)
    darker = (mixed(colour, BLACK, 0.5) for colour in PALETTE)
    return chain(PALETTE, lighter, darker, chain.from_iterable(repeat(PALETTE)))
