"""From what a person asked for, and a look at some masks, to the rule that reads all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pipelines.datasets.layouts.channels import some
from pipelines.datasets.layouts.sample import Request
from pipelines.datasets.picture import opened
from pipelines.datasets.sources.label_edges import MOST_LISTED, unlike_classes
from pipelines.datasets.sources.label_file import beside_image
from pipelines.datasets.sources.label_rule import (
    MOST_CLASSES,
    MOST_VALUES,
    Colour,
    LabelRule,
    check_exact,
    colours_in,
    first_few,
    grey,
    is_black_and_white,
    listed_colours,
    listed_values,
    values_in,
)
from pipelines.errors import InputError
from transforms.picture import PictureError

_BINARY = ("background", "foreground")
_EXAMPLES = 6  # names of classes in an example
_BLACK = (0, 0, 0)
_NONE: Mapping[Path, Path] = {}

Named = tuple[Path, str]
"""A mask file and its path below the raw root."""


@dataclass
class _Found:
    """What some masks hold.

    Attributes:
        first: what the first of them is called.
        values: grey values or palette indices, with their numbers of pixels.
        colours: colours of those that are coloured.
        binary: whether all are of two values.
        blurred: why those that are no masks of classes are none, one line each.
    """

    first: str = ""
    values: Counter[int] = field(default_factory=Counter)
    colours: Counter[Colour] = field(default_factory=Counter)
    binary: bool = True
    blurred: list[str] = field(default_factory=list)


def label_rule(
    request: Request,
    masks: Sequence[Named],
    labels: tuple[str, ...] = (),
    images: Mapping[Path, Path] = _NONE,
) -> LabelRule:
    """Makes the rule that reads the masks of a data set.

    Args:
        request: the classes, the mapped values, and the options ``colour`` and ``threshold``.
        masks: the mask files. Some are opened where nobody named the classes.
        labels: names of the indices as the data say them; ``request.classes`` come before them.
        images: the picture of each mask, as far as known, for messages.

    Returns:
        The rule. Masks of two values are background and foreground where nobody named the classes.

    Raises:
        InputError: the options do not fit one another, or nobody named the classes and the masks
            hold more than two values; an example of what to give is in the message.
    """
    names = request.classes or labels
    threshold = _threshold(request.options.get("threshold"), names)
    given = tuple(request.options.get("colour") or ())
    if given and not names:
        raise InputError("--colour needs --classes, such as --classes background,tumour")
    if not names:
        names = _BINARY
        if threshold is None:
            _check_binary(masks, request, images)
    _check_names(names)
    _check_mapping(request, names)
    colours = _colours(given, names)
    return LabelRule(names, tuple(sorted(request.mapping.items())), colours, threshold)


def display_colours(rule: LabelRule, masks: Sequence[Named]) -> tuple[Colour, ...]:
    """Gives the colour of each class where the masks have colours.

    Args:
        rule: how the masks are read.
        masks: the mask files; some are opened.

    Returns:
        The colours in the order of the labels: those of the rule, else of the first palette that
        has more than greys; nothing where there is none, or it does not reach all classes.
    """
    if rule.colours:
        first = {index: colour for colour, index in reversed(rule.colours)}
        return tuple(first[index] for index in range(len(rule.labels)))
    values = {index: value for value, index in reversed(rule.values)}
    wanted = [values.get(index, index) for index in range(len(rule.labels))]
    for image, _, _ in _opened(masks):
        palette = image.getpalette() if image.mode == "P" else None
        if palette and not is_black_and_white(image) and 3 * max(wanted) + 2 < len(palette):
            shades = [tuple(palette[3 * value : 3 * value + 3]) for value in wanted]
            if any(len(set(shade)) > 1 for shade in shades):
                return tuple((red, green, blue) for red, green, blue in shades)
    return ()


def whole_number(text: object, option: str, least: int, most: int) -> int:
    """Reads an option's value.

    Raises:
        InputError: it is no whole number within the limits.
    """
    value = str(text).strip()
    if not (value.isascii() and value.isdigit() and len(value) < 8) or not (
        least <= int(value) <= most
    ):
        raise InputError(f"{option} {text}: expected a whole number from {least} to {most}")
    return int(value)


def _threshold(text: object, names: Sequence[str]) -> int | None:
    if text is None:
        return None
    if names and len(names) != 2:
        raise InputError(
            f"--threshold tells two classes apart, but there are {len(names)}: {first_few(names)}; "
            "export the masks again with one value for each class"
        )
    return whole_number(text, "--threshold", 1, MOST_VALUES - 1)


def _check_names(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise InputError(f"--classes names a class twice: {','.join(names)}")
    if len(names) == 1:
        raise InputError(
            f"--classes names one class; name the background first: --classes background,{names[0]}"
        )
    if len(names) > MOST_CLASSES:
        raise InputError(f"there are {len(names)} classes; the limit is {MOST_CLASSES}")


def _check_mapping(request: Request, names: Sequence[str]) -> None:
    for value, index in request.mapping.items():
        if not 0 <= index < len(names):
            known = first_few(f"{number} ({name})" for number, name in enumerate(names))
            hint = "" if request.classes else "; name more with --classes"
            raise InputError(
                f"--map {value}={index}: there is no index {index}; expected {known}{hint}"
            )


def _colours(given: Sequence[str], names: Sequence[str]) -> tuple[tuple[Colour, int], ...]:
    """Reads the colours of the classes; the background is black where nobody says otherwise."""
    if not given:
        return ()
    found: dict[Colour, int] = {}
    for text in given:
        name, colour = _named_colour(text, names)
        index = names.index(name)
        if found.setdefault(colour, index) != index:
            raise InputError(
                f"--colour {text}: {names[found[colour]]} has the same colour; give each its own"
            )
    if 0 not in found.values():
        found.setdefault(_BLACK, 0)
    missing = [name for index, name in enumerate(names) if index not in found.values()]
    if missing:
        raise InputError(
            f"{first_few(missing)} of --classes has no colour; give --colour {missing[0]}=R,G,B"
        )
    return tuple(found.items())


def _named_colour(text: str, names: Sequence[str]) -> tuple[str, Colour]:
    name, _, numbers = text.rpartition("=")
    if name not in names:
        raise InputError(
            f"--colour {text}: expected NAME=R,G,B with a name of --classes: {first_few(names)}"
        )
    parts = [part.strip() for part in numbers.split(",")]
    if len(parts) != 3 or not all(
        part.isascii() and part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts
    ):
        raise InputError(
            f"--colour {text}: expected three numbers from 0 to 255, such as {name}=255,0,0"
        )
    red, green, blue = map(int, parts)
    return name, (red, green, blue)


def _opened(masks: Sequence[Named]) -> list[tuple[Image.Image, Path, str]]:
    """Opens some masks; what cannot be read is named when all are."""
    images = []
    for path, source in some(masks):
        name = f'mask "{source}"'
        try:
            images.append((opened(path, name), path, name))
        except PictureError:
            continue
    return images


def _check_binary(masks: Sequence[Named], request: Request, images: Mapping[Path, Path]) -> None:
    """Refuses masks of more than two values: nobody said what they mean.

    Where some are no masks of classes at all, these are named when all are read.
    """
    found = _Found()
    for image, path, name in _opened(masks):
        check_exact(image, name, 2)
        line = _blurred(image, name)
        if line:
            found.blurred.append(f"{line}{beside_image(image.size, images.get(path))}")
            continue
        found.first = found.first or name
        _look(image, name, found, request)
    if found.blurred and not found.first:
        raise InputError(_all_blurred(found))
    if found.binary:
        return
    if found.colours:
        raise InputError(_unnamed_colours(found))
    raise InputError(_unnamed_values(found))


def _blurred(image: Image.Image, name: str) -> str:
    """Says that a mask has soft edges or is a picture; nothing where its values may be classes."""
    try:
        reason = unlike_classes(grey(image, name, by_colour=True), classes=2)
    except InputError:  # colours
        return ""
    return f"{name} {reason}" if reason else ""


def _all_blurred(found: _Found) -> str:
    """Says what is wrong with the first mask, and that the others are like it."""
    count = len(found.blurred)
    return found.blurred[0] + (f". All {count} masks looked at are like it" if count > 1 else "")


def _look(image: Image.Image, name: str, found: _Found, request: Request) -> None:
    """Adds what one mask holds."""
    try:
        values = values_in(image, name)
    except InputError:
        found.binary = False
        found.colours.update(colours_in(image, name))
        return
    found.values.update(values)
    rest = set(values) - {0} - set(request.mapping)
    found.binary &= rest in (set(), {1}, {255})


def _unnamed_colours(found: _Found) -> str:
    """Says which colours there are, and how to name them."""
    head = f"{found.first} and others hold {listed_colours(dict(found.colours.most_common()))}."
    if len(found.colours) > MOST_LISTED:
        return (
            f"{head} Soft edges come from resizing or JPEG: export the masks again as PNG, with "
            "nearest-neighbour interpolation, then name each colour with --classes and --colour"
        )
    ordered = sorted(found.colours, key=lambda colour: (colour != _BLACK, -found.colours[colour]))
    names = _example(len(ordered))
    options = [
        f"--colour {name}={','.join(map(str, colour))}"
        for name, colour in zip(names, ordered, strict=False)
    ]
    return (
        f"{head} Name the classes, such as --classes {_listed(names, len(ordered))} "
        f"{_spaced(options, len(ordered))}"
    )


def _unnamed_values(found: _Found) -> str:
    """Says which values there are, and how to name them."""
    values = dict(sorted(found.values.items()))
    head = f"{found.first} and others hold {listed_values(values)}."
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
