"""What a worker reports of an image and its mask: numbers; the pixels stay behind."""

from __future__ import annotations

from dataclasses import dataclass

_NOISE = 20  # parts of a few pixels each: nobody draws so many


@dataclass(frozen=True, slots=True)
class MaskMeasured:
    """What the pixels of a mask tell.

    Attributes:
        problem: why it cannot be read; the rest is empty then.
        changed: whether the file is another than dataset.json says.
        width: pixels.
        height: pixels.
        digest: a hash of the values.
        counts: pixels of each class index, in the order of the labels.
        stray: values that are no class index, each with its pixels, ascending; the first hundred.
        strays: how many such values there are.
        soft: whether values lie between those of the classes along the edges, as a resize leaves
            them.
        seams: class indices that only line the border between a lower and a higher one.
        lesions: pixels of each connected part of a class other than the background, the largest
            first; specks do not count. The first hundred.
        parts: how many there are.
        specks: parts that are too small to be lesions.
        dots: those of them that are small in themselves, not only beside the largest part.
        touches: pixels on the image's border that are not background.
        corners: whether all four corners are not background.
        ceilings: the best Dice that each size of ``resolution.CANDIDATES`` allows; none where the
            mask is empty.
    """

    problem: str = ""
    changed: bool = False
    width: int = 0
    height: int = 0
    digest: str = ""
    counts: tuple[int, ...] = ()
    stray: tuple[tuple[int, int], ...] = ()
    strays: int = 0
    soft: bool = False
    seams: tuple[int, ...] = ()
    lesions: tuple[int, ...] = ()
    parts: int = 0
    specks: int = 0
    dots: int = 0
    touches: int = 0
    corners: bool = False
    ceilings: tuple[float, ...] = ()

    @property
    def marked(self) -> int:
        """Pixels that are not background."""
        return sum(self.counts[1:]) + sum(count for value, count in self.stray if value)

    @property
    def speckled(self) -> bool:
        """Whether it holds nothing but specks, or more than a hand draws; soft edges are another
        fault."""
        return self.dots > 0 and not self.soft and (not self.parts or self.dots >= _NOISE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the pixels of an image tell, with those of its mask.

    Attributes:
        problem: why it cannot be read; the rest is empty then, but for the mask.
        changed: whether the file is another than dataset.json says.
        width: pixels.
        height: pixels.
        channels: 1 or 3.
        depth: bits of a value, 8 or 16.
        digest: a hash of the pixels; equal for the same pixels in any file.
        lowest: the smallest value.
        highest: the largest value.
        content: share of the pixels that differ from the middle value by more than a few greys.
        sums: of the values of each channel.
        squares: sums of the squared values of each channel.
        flat: share of the pixels that equal their neighbours and are not dark, as in a drawing.
        chroma: share of the pixels that are clearly coloured.
        look: what the picture looks like: see ``appearance.look``; as bytes, since there is one for
            each of many images.
        marks: what is burnt in.
        mask: of the mask, where there is one.
    """

    problem: str = ""
    changed: bool = False
    width: int = 0
    height: int = 0
    channels: int = 1
    depth: int = 8
    digest: str = ""
    lowest: int = 0
    highest: int = 0
    content: float = 1.0
    sums: tuple[int, ...] = ()
    squares: tuple[int, ...] = ()
    flat: float = 0.0
    chroma: float = 0.0
    look: bytes = b""
    marks: tuple[str, ...] = ()
    mask: MaskMeasured | None = None

    @property
    def silent(self) -> bool:
        """Whether it shows nothing (nearly) that could be compared or learnt."""
        return not self.problem and self.content < LEAST_CONTENT


LEAST_CONTENT = 0.005
"""An image in which fewer of the pixels stand out is blank."""
