"""Palettes of masks that do not mean the same: other colours of an index, or an odd background."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.datasets.layouts.channels import some
from pipelines.datasets.picture import opened
from pipelines.datasets.sources.label_rule import Colour, LabelRule, is_black_and_white
from pipelines.errors import InputError
from pipelines.progress import counting
from transforms.picture import PictureError

_BLACK = (0, 0, 0)
_NAMED = 12  # colours that a message lists

Named = tuple[Path, str]
"""A mask file and its path below the raw root."""

_Palette = tuple[Colour, ...]


@dataclass(frozen=True)
class _Used:
    """A palette mask.

    Attributes:
        source: its path below the raw root.
        colours: the colour of each index that it uses.
        counts: the number of pixels of each.
    """

    source: str
    colours: Mapping[int, Colour]
    counts: Mapping[int, int]


def check_palettes(masks: Sequence[Named], mapping: Mapping[int, int], is_binary: bool) -> None:
    """Refuses masks in which an index has another colour than in others: which is the class?

    Only headers are read, and the pixels of those masks alone whose palettes contradict others.

    Args:
        masks: the mask files, of which indices are to be the classes.
        mapping: indices that the person gave a class to; these count whatever their colours.
        is_binary: whether masks of black and white count by these colours, as ``grey`` does.

    Raises:
        InputError: an index that two masks use has two colours.
    """
    by_palette = _by_palette(masks)
    doubtful = _several_colours(by_palette) - set(mapping)
    if not doubtful:
        return
    contrary = [each for palette, held in by_palette.items() if palette for each in held]
    firsts: dict[int, _Used] = {}
    clash: tuple[int, _Used, _Used] | None = None
    colours: Counter[Colour] = Counter()
    for used in _uses(contrary, is_binary):
        colours.update({used.colours[index]: count for index, count in used.counts.items()})
        for index in sorted(doubtful & used.colours.keys(), key=lambda index: (index == 0, index)):
            first = firsts.setdefault(index, used)
            if first.colours[index] != used.colours[index]:
                clash = clash or (index, first, used)
    if clash:
        raise InputError(_contrary(*clash, [colour for colour, _ in colours.most_common()]))


def odd_background(rule: LabelRule, masks: Sequence[Named]) -> list[str]:
    """Warns of a palette whose index 0 is a colour, and black another index that holds more.

    Args:
        rule: how the masks are read.
        masks: the mask files; some are opened.

    Returns:
        One line, or none: where the masks are read by their colours, too.
    """
    if rule.colours or rule.threshold is not None:
        return []
    looked = list(_uses(some(masks), rule.is_binary))
    counts: Counter[int] = Counter()
    for used in looked:
        counts.update(used.counts)
    if not counts:
        return []
    index, count = counts.most_common(1)[0]
    first = next(used for used in looked if index in used.colours)
    if index in (0, *dict(rule.values)) or first.colours[index] != _BLACK:
        return []
    return [
        f"index 0 is taken for the background ({rule.labels[0]}), but index {index} is black in "
        f'mask "{first.source}" and covers {count / counts.total():.0%} of the masks looked at; if '
        f"that is the background, say so by --map {index}=0 and --map 0=INDEX, or name each colour "
        "by --colour NAME=R,G,B"
    ]


def _by_palette(masks: Sequence[Named]) -> dict[_Palette, list[Named]]:
    """Sorts masks by their palettes; those without one stand under an empty one."""
    found: dict[bytes | None, list[Named]] = {}
    with counting("reading palettes") as report:
        for done, each in enumerate(masks, start=1):
            found.setdefault(_palette(each[0]), []).append(each)
            report(done, len(masks))
    return {_colours(palette or b""): held for palette, held in found.items()}


def _palette(path: Path) -> bytes | None:
    """Reads the palette of a file (red, green, blue, red, …); nothing where it has none.

    A file that cannot be opened has none: it is named when it is read.
    """
    try:
        with Image.open(path) as image:
            return bytes(image.getpalette("RGB") or []) if image.mode == "P" else None
    except Exception:  # a broken header makes Pillow raise nearly anything
        return None


def _colours(palette: bytes) -> _Palette:
    triples = zip(palette[::3], palette[1::3], palette[2::3], strict=False)
    return tuple((red, green, blue) for red, green, blue in triples)


def _several_colours(palettes: Mapping[_Palette, object]) -> set[int]:
    """Lists the indices that have several colours among the palettes."""
    seen: dict[int, Colour] = {}
    found = set()
    for palette in palettes:
        for index, colour in enumerate(palette):
            if seen.setdefault(index, colour) != colour:
                found.add(index)
    return found


def _uses(masks: Sequence[Named], is_binary: bool) -> Iterator[_Used]:
    """Yields what palette masks use of their palettes; what cannot be read is named later."""
    with counting("comparing palettes") as report:
        for done, (path, source) in enumerate(masks, start=1):
            report(done, len(masks))
            try:
                image = opened(path, "mask")
            except PictureError:
                continue
            if image.mode != "P" or (is_binary and is_black_and_white(image)):
                continue
            palette = _colours(bytes(image.getpalette("RGB") or []))
            counts = image.histogram()
            indices = [each for each in np.flatnonzero(counts).tolist() if each < len(palette)]
            yield _Used(
                source,
                {index: palette[index] for index in indices},
                {index: counts[index] for index in indices},
            )


def _contrary(index: int, first: _Used, second: _Used, colours: Sequence[Colour]) -> str:
    """Says which two masks contradict one another, and what to do."""
    few = colours if len(colours) <= _NAMED else colours[:_NAMED]
    rest = "" if len(few) == len(colours) else f"; … ({len(colours)} in all)"
    held = "; ".join(map(_written, few)) + rest
    both = sorted({*first.colours, *second.colours})
    options = " ".join(f"--map {each}={each}" for each in both[:_NAMED])
    return (
        f'index {index} is {_written(first.colours[index])} in mask "{first.source}", but '
        f'{_written(second.colours[index])} in mask "{second.source}": does the index tell the '
        f"class, or the colour? If the colour, give --classes, and for each of them --colour "
        f"NAME=R,G,B (the masks hold {held}); if the index, say so by {options}"
    )


def _written(colour: Colour) -> str:
    return ",".join(map(str, colour))
