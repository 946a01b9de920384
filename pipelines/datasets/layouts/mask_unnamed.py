"""Masks of classes that nobody named: two values are fine; else what to name them, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PIL import Image

from pipelines.datasets.layouts.channels import some
from pipelines.datasets.layouts.mask_palettes import Named
from pipelines.datasets.picture import opened
from pipelines.datasets.sources.label_edges import MOST_LISTED, unlike_classes
from pipelines.datasets.sources.label_file import beside_image
from pipelines.datasets.sources.label_rule import (
    Colour,
    check_exact,
    colours_in,
    grey,
    listed_colours,
    listed_values,
    values_in,
)
from pipelines.errors import InputError
from transforms.picture import PictureError

_EXAMPLES = 6  # names of classes in an example
_BLACK = (0, 0, 0)
_Value = TypeVar("_Value", int, Colour)
_MAJORITY = 3  # masks of two values for each other one, from which that is the odd one out
_SOFT = (
    "Soft edges come from resizing or JPEG: export the masks again as PNG, with nearest-neighbour "
    "interpolation, then name each colour with --classes and --colour"
)


@dataclass(frozen=True)
class _Look:
    """What one mask holds.

    Attributes:
        name: what messages call it.
        bad: why it is no mask of classes, as a whole line; nothing where it may be one.
        values: its grey values or palette indices, with their numbers of pixels.
        colours: its colours, where it is coloured.
        mapped: values that the person gave a class to.
    """

    name: str
    bad: str = ""
    values: Mapping[int, int] = field(default_factory=dict)
    colours: Mapping[Colour, int] = field(default_factory=dict)
    mapped: frozenset[int] = frozenset()

    @property
    def is_binary(self) -> bool:
        """Whether it holds a background and one class, or one of them."""
        return not self.bad and not self.colours and self._marks in (set(), {1}, {255})

    @property
    def is_marked(self) -> bool:
        """Whether it holds both: an empty mask shows nothing of how classes are written."""
        return self.is_binary and bool(self._marks)

    @property
    def _marks(self) -> set[int]:
        return set(self.values) - {0} - self.mapped


def opened_some(masks: Sequence[Named]) -> list[tuple[Image.Image, Path, str]]:
    """Opens some masks, spread evenly; what cannot be read is named when all are.

    Returns:
        Decoded images, each with its file and what messages call it.
    """
    images = []
    for path, source in some(masks):
        name = f'mask "{source}"'
        try:
            images.append((opened(path, name), path, name))
        except PictureError:
            continue
    return images


def check_binary(
    masks: Sequence[Named], mapping: Mapping[int, int], images: Mapping[Path, Path]
) -> None:
    """Refuses masks of more than two values: nobody said what they mean.

    Where these, or some that are no masks of classes at all, are the exception, nothing is said
    here: each of them is named when all are read, so that it can be left out.

    Args:
        masks: the mask files; some are opened.
        mapping: values that the person gave a class to.
        images: the picture of each mask, as far as known, for messages.

    Raises:
        InputError: the message names a mask that holds more, and what to give.
    """
    mapped = frozenset(mapping)
    looks = [
        _look(image, name, images.get(path), mapped) for image, path, name in opened_some(masks)
    ]
    bad = [each for each in looks if each.bad]
    if bad and len(bad) == len(looks):
        raise InputError(_all_bad(bad))
    others = [each for each in looks if not each.bad and not each.is_binary]
    if not others or _are_exceptions(others, looks):
        return
    fine = [each for each in looks if not each.bad]
    head = f"{others[0].name} and others hold" if len(fine) > 1 else f"{others[0].name} holds"
    if any(each.colours for each in others):
        raise InputError(_unnamed_colours(head, _sum(each.colours for each in others)))
    raise InputError(_unnamed_values(head, _sum(each.values for each in fine)))


def _look(image: Image.Image, name: str, picture: Path | None, mapped: frozenset[int]) -> _Look:
    """Looks at one mask."""
    try:
        check_exact(image, name, 2)
        values = grey(image, name, by_colour=True)
    except InputError as error:
        return _look_at_colours(image, name, str(error))
    reason = unlike_classes(values, classes=2)
    if reason:
        return _Look(name, f"{name} {reason}{beside_image(image.size, picture)}")
    return _Look(name, values=values_in(image, name), mapped=mapped)


def _look_at_colours(image: Image.Image, name: str, line: str) -> _Look:
    """Looks at a mask whose values are no grey ones, for the reason that is given."""
    try:
        check_exact(image, name, 2)
        colours = colours_in(image, name)
    except InputError:
        return _Look(name, line)
    if len(colours) > MOST_LISTED:
        return _Look(name, f"{name} holds {listed_colours(colours)}. {_SOFT}")
    return _Look(name, colours=colours)


def _are_exceptions(others: Sequence[_Look], looks: Sequence[_Look]) -> bool:
    """Tells whether masks of more than two values are mistakes rather than rare classes.

    Values that run on from those of the majority (0, 1, then 2) are classes that few masks hold.
    """
    marked = [each for each in looks if each.is_marked]
    values = sorted(_sum(each.values for each in (*others, *marked)))
    runs_on = values == list(range(len(values))) and len(values) > 2
    return len(marked) >= _MAJORITY * len(others) and not runs_on


def _sum(counts: Iterable[Mapping[_Value, int]]) -> Counter[_Value]:
    """Adds up what was counted."""
    total: Counter[_Value] = Counter()
    for each in counts:
        total.update(each)
    return total


def _all_bad(bad: Sequence[_Look]) -> str:
    """Says what is wrong with the first mask, and that the others are like it."""
    count = len(bad)
    return bad[0].bad + (f". All {count} masks looked at are like it" if count > 1 else "")


def _unnamed_colours(head: str, colours: Counter[Colour]) -> str:
    """Says which colours there are, and how to name them."""
    head = f"{head} {listed_colours(dict(colours.most_common()))}."
    if len(colours) > MOST_LISTED:
        return f"{head} {_SOFT}"
    ordered = sorted(colours, key=lambda colour: (colour != _BLACK, -colours[colour]))
    names = _example(len(ordered))
    options = [
        f"--colour {name}={','.join(map(str, colour))}"
        for name, colour in zip(names, ordered, strict=False)
    ]
    return (
        f"{head} Name the classes, such as --classes {_listed(names, len(ordered))} "
        f"{_spaced(options, len(ordered))}"
    )


def _unnamed_values(head: str, counts: Mapping[int, int]) -> str:
    """Says which values there are, and how to name them."""
    values = dict(sorted(counts.items()))
    head = f"{head} {listed_values(values)}."
    contiguous = list(values) == list(range(len(values)))
    count = max(max(values) + 1, 2) if max(values) < MOST_LISTED else len({0, *values})
    example = f"--classes {_listed(_example(count), count)}"
    if not contiguous and max(values) >= MOST_LISTED:
        options = [f"--map {value}={index}" for index, value in enumerate(sorted({0, *values}))]
        options = [option for option in options if option != "--map 0=0"]
        example = f"{example} {_spaced(options[: _EXAMPLES - 1], len(options))}"
    return f"{head} Name the classes in the order of their indices, such as {example}"


def _example(count: int) -> list[str]:
    """Makes up the first names of so many classes."""
    return ["background", *(f"class{index}" for index in range(1, min(count, _EXAMPLES)))]


def _listed(names: Sequence[str], count: int) -> str:
    """Joins the first names of so many for an option."""
    return ",".join(names) + (f",… ({count} names)" if len(names) < count else "")


def _spaced(options: Sequence[str], count: int) -> str:
    """Joins the first options of so many."""
    return " ".join(options) + (" …" if len(options) < count else "")
