"""The rule that makes class indices of a mask: of its palette indices, grey values or colours."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.sources.label_edges import MOST_LISTED, unlike_classes
from pipelines.errors import InputError

Colour = tuple[int, int, int]

MOST_CLASSES = 256  # class indices are uint8
MOST_VALUES = 65536  # mask values are whole numbers of 16 bits
_LOSSY = ("JPEG", "MPO")
_SHOWN = 8  # values that a message lists one by one
_FIRST = 4  # of more values, those that it lists before it only counts them


@dataclass(frozen=True)
class LabelRule:
    """What the values of a mask mean.

    Without ``colours`` and ``threshold``, a value is a class index. What ``values`` lists is
    another's: a plain value counts for itself only where no listed value stands for its class. With
    two classes, 255 is the second as well as 1 is, though not both in one file.

    Attributes:
        labels: names of the classes in the order of their indices, the background first.
        values: grey values or palette indices, each with its class index.
        colours: colours (red, green, blue), each with its class index. With any, masks of every
            mode are read by their colours.
        threshold: of two classes, the least grey value of the second.
    """

    labels: tuple[str, ...]
    values: tuple[tuple[int, int], ...] = ()
    colours: tuple[tuple[Colour, int], ...] = ()
    threshold: int | None = None

    def indices(self, image: Image.Image, name: str) -> NDArray[np.uint8]:
        """Makes class indices of a decoded mask.

        Args:
            image: the mask, of any mode.
            name: what messages call it.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            InputError: it holds a value or colour without a class, is JPEG (unless a threshold is
                given), or its transparency carries something.
        """
        if self.threshold is not None:
            values = grey(image, name, by_colour=True)
            return (values >= self.threshold).astype(np.uint8)
        check_exact(image, name, len(self.labels))
        if self.colours:
            return self._by_colours(_packed(_rgb(image, name)), name)
        return self._by_values(grey(image, name, by_colour=self.is_binary), name)

    @property
    def is_binary(self) -> bool:
        """Whether there is only a background and one class."""
        return len(self.labels) == 2

    def _by_values(self, values: NDArray[np.uint16], name: str) -> NDArray[np.uint8]:
        """Looks every value up."""
        counts = counted(values)
        found = np.flatnonzero(counts).tolist()
        meanings = self._meanings(found)
        unknown = {value: int(counts[value]) for value in found if value not in meanings}
        if unknown:
            reason = unlike_classes(values, len(self.labels))
            raise InputError(f"{name} {reason or self._unknown_values(unknown)}")
        if all(value == index for value, index in meanings.items()):
            return values.astype(np.uint8, copy=False)
        table = np.zeros(len(counts), dtype=np.uint8)
        for value, index in meanings.items():
            table[value] = index
        return np.take(table, values)

    def _meanings(self, found: Iterable[int]) -> dict[int, int]:
        """Gives the class index of each found value that has one."""
        listed = dict(self.values)
        meant = set(listed.values())
        meanings = {}
        plain = [value for value in found if value not in listed]
        for value in found:
            if value in listed:
                meanings[value] = listed[value]
            elif self.is_binary and value in (1, 255):
                if plain in ([value], [0, value]):
                    meanings[value] = 1
            elif value == 0 or (value < len(self.labels) and value not in meant):
                meanings[value] = value
        return meanings

    def _by_colours(self, colours: NDArray[np.uint32], name: str) -> NDArray[np.uint8]:
        """Looks every colour up, packed as ``_packed`` does."""
        indices = np.zeros(colours.shape, dtype=np.uint8)
        known = 0
        for colour, index in self.colours:
            here = colours == np.uint32(_pack(colour))
            known += int(np.count_nonzero(here))
            indices |= here.view(np.uint8) * np.uint8(index)
        if known < colours.size:
            packed = np.array([_pack(colour) for colour, _ in self.colours], dtype=np.uint32)
            unknown = _counted_colours(colours[~np.isin(colours, packed)])
            raise InputError(f"{name} {self._unknown_colours(unknown)}")
        return indices

    def _unknown_values(self, unknown: dict[int, int]) -> str:
        """Says which values have no class, and what to do."""
        classes = first_few(f"{index} {label}" for index, label in enumerate(self.labels))
        head = f"holds {listed_values(unknown)}; the classes are {classes}."
        if self.is_binary:
            head = f"holds {listed_values(unknown)}; expected 0 and either 1 or 255."
        options = " ".join(f"--map {value}=INDEX" for value in list(unknown)[:_FIRST])
        options += " …" if len(unknown) > _FIRST else ""
        return f"{head} Map them with {options}, or name all classes with --classes"

    def _unknown_colours(self, unknown: dict[Colour, int]) -> str:
        """Says which colours have no class, and what to do."""
        classes = first_few(
            f"{','.join(map(str, colour))} {self.labels[index]}" for colour, index in self.colours
        )
        head = f"holds {listed_colours(unknown)}; the classes are {classes}."
        if len(unknown) > _SHOWN:
            return f"{head} {_SOFT}"
        options = " ".join(f"--colour NAME={','.join(map(str, colour))}" for colour in unknown)
        return f"{head} Name them with {options}"


_SOFT = (
    "Soft edges come from resizing or JPEG: export the mask again as PNG, with nearest-neighbour "
    "interpolation"
)


def grey(image: Image.Image, name: str, by_colour: bool = False) -> NDArray[np.uint16]:
    """Gives the values of a mask as one channel: palette indices or grey values.

    Args:
        image: the mask.
        name: what messages call it.
        by_colour: whether a palette mask of only black and white counts by these colours, 0 and
            255, in whatever order the palette has them.

    Returns:
        Values (height, width), uint16 or uint8; a two-valued image gives 0 and 255.

    Raises:
        InputError: the mask is coloured, its transparency carries something, or its values are no
            whole numbers of 16 bits.
    """
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I") or image.mode == "F":
        return _whole(np.asarray(image), name)
    if image.mode == "P" and not (by_colour and is_black_and_white(image)):
        return np.asarray(image)
    pixels = _rgb(image, name)
    if not is_grey(pixels):
        colours = _counted_colours(_packed(pixels))
        few = len(colours) <= MOST_LISTED
        remedy = "Name the colour of every class with --colour NAME=R,G,B" if few else _SOFT
        raise InputError(f"{name} is coloured: it holds {listed_colours(colours)}. {remedy}")
    return np.ascontiguousarray(pixels[..., 0])


def counted(values: NDArray[Any]) -> NDArray[np.int64]:
    """Counts whole numbers (height, width): how often each occurs, from 0 on.

    Pillow counts bytes ten times faster than NumPy does.
    """
    if values.dtype == np.uint8:
        return np.asarray(Image.fromarray(values).histogram())
    return np.bincount(values.ravel())


def is_black_and_white(image: Image.Image) -> bool:
    """Tells whether the used colours of a palette image (mode P) are only black and white."""
    palette = image.getpalette() or []
    used = np.flatnonzero(image.histogram()).tolist()
    shades = {tuple(palette[3 * index : 3 * index + 3]) for index in used}
    return shades <= {(0, 0, 0), (255, 255, 255)}


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Tells whether the channels of (height, width, 3) are equal."""
    first = pixels[..., 0]
    return bool((first == pixels[..., 1]).all() and (first == pixels[..., 2]).all())


def values_in(image: Image.Image, name: str) -> dict[int, int]:
    """Counts the values of a grey or palette mask, for messages and guesses.

    Args:
        image: the mask.
        name: what messages call it.

    Returns:
        Values, ascending, each with its number of pixels.

    Raises:
        InputError: as ``grey`` does.
    """
    counts = counted(grey(image, name, by_colour=True))
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def colours_in(image: Image.Image, name: str) -> dict[Colour, int]:
    """Counts the colours of a mask, the most frequent first.

    Args:
        image: the mask, of any mode.
        name: what messages call it.

    Returns:
        Colours (red, green, blue), each with its number of pixels.

    Raises:
        InputError: it has no colours, or its transparency carries something.
    """
    return _counted_colours(_packed(_rgb(image, name)))


def listed_values(counts: dict[int, int]) -> str:
    """Lists values with their numbers of pixels, such as ``the values 3 (20 pixels), …``."""
    return _listed({str(value): count for value, count in counts.items()}, "value")


def listed_colours(counts: dict[Colour, int]) -> str:
    """Lists colours with their numbers of pixels."""
    return _listed({",".join(map(str, each)): count for each, count in counts.items()}, "colour")


def first_few(texts: Iterable[str]) -> str:
    """Joins texts by commas; of many only the first ones, with their number.

    Examples:
        >>> first_few("abcdefghij")
        'a, b, c, d, … (10 in all)'
    """
    parts = list(texts)
    if len(parts) <= _SHOWN:
        return ", ".join(parts)
    return f"{', '.join(parts[:_FIRST])}, … ({len(parts)} in all)"


def _listed(counts: dict[str, int], noun: str) -> str:
    """Lists what was counted, shortened."""
    parts = [f"{text} ({count} pixels)" for text, count in counts.items()]
    if len(parts) == 1:
        return f"the {noun} {parts[0]}"
    if len(parts) > _SHOWN:
        return f"{len(parts)} {noun}s: {', '.join(parts[:_FIRST])}, …"
    return f"the {noun}s {', '.join(parts)}"


def check_exact(image: Image.Image, name: str, classes: int) -> None:
    """Refuses JPEG: its pixels are near the values that were saved, not those.

    Args:
        image: the mask, as it was opened.
        name: what messages call it.
        classes: number of classes; with two, a threshold is offered.

    Raises:
        InputError: it is JPEG.
    """
    if image.format in _LOSSY:
        remedy = "export it again as PNG"
        if classes == 2:
            remedy += ", or tell white from black by --threshold 128"
        raise InputError(f"{name} is a JPEG, which blurs the edges between classes; {remedy}")


def _whole(values: NDArray, name: str) -> NDArray[np.uint16]:
    """Keeps whole numbers of 16 bits, and refuses others."""
    fits = np.isfinite(values).all() and values.min() >= 0 and values.max() < MOST_VALUES
    whole = values.astype(np.uint16) if fits else None
    if whole is None or (whole != values).any():
        raise InputError(
            f"{name} holds values from {values.min():g} to {values.max():g} that are no whole "
            "numbers of 16 bits; expected class indices or grey values. Export it as an 8-bit PNG"
        )
    return whole


def _rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Gives the colours (height, width, 3), uint8; transparency must say nothing that they do not.

    Tools make the background transparent, which is well where no opaque pixel has its colour too.
    """
    pixels = None
    with suppress(ValueError):  # LAB has no way to RGB
        pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    if pixels is None:
        raise InputError(f"{name} has the mode {image.mode}; expected a palette, grey or RGB mask")
    if pixels.shape[2] == 4:
        _check_alpha(pixels, name)
    return pixels[..., :3]


def _check_alpha(pixels: NDArray[np.uint8], name: str) -> None:
    """Refuses (height, width, 4) whose transparency is not told by the colours already."""
    alpha = pixels[..., 3]
    clear = alpha < 255
    if not clear.any():
        return
    colours = _packed(pixels)
    shared = np.intersect1d(colours[clear], colours[~clear])
    if alpha[clear].any() or len(shared):
        raise InputError(
            f"{name} is partly transparent, and its transparency says more than its colours; "
            "expected opaque classes. Export it without an alpha channel"
        )


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Makes one number of each colour of (height, width, 3 or 4)."""
    packed = np.zeros(pixels.shape[:2], dtype=np.uint32)
    for channel in range(3):
        packed = (packed << np.uint32(8)) | pixels[..., channel]
    return packed


def _pack(colour: Colour) -> int:
    red, green, blue = colour
    return (red << 16) | (green << 8) | blue


def _counted_colours(packed: NDArray[np.uint32]) -> dict[Colour, int]:
    """Counts packed colours, the most frequent first."""
    numbers, counts = np.unique(packed, return_counts=True)
    order = np.lexsort((numbers, -counts))
    return {
        (int(each) >> 16, int(each) >> 8 & 255, int(each) & 255): int(count)
        for each, count in zip(numbers[order], counts[order], strict=True)
    }
