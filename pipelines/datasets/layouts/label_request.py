"""From what a person asked for, and a look at some masks, to the rule that reads all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.datasets.layouts.mask_palettes import Named, check_palettes
from pipelines.datasets.layouts.mask_unnamed import check_binary, opened_some
from pipelines.datasets.layouts.sample import Request
from pipelines.datasets.sources.label_rule import (
    MOST_CLASSES,
    MOST_VALUES,
    Colour,
    LabelRule,
    first_few,
    is_black_and_white,
)
from pipelines.errors import InputError

_BINARY = ("background", "foreground")
_EXAMPLES = 6  # names of classes in an example
_BLACK = (0, 0, 0)
_NONE: Mapping[Path, Path] = {}


def label_rule(
    request: Request,
    masks: Sequence[Named],
    labels: tuple[str, ...] = (),
    images: Mapping[Path, Path] = _NONE,
) -> LabelRule:
    """Makes the rule that reads the masks of a data set.

    Args:
        request: the classes, the mapped values, and the options ``colour`` and ``threshold``.
        masks: the mask files. Their palettes are compared, unless colours or a threshold are
            given; some files are opened where nobody named the classes.
        labels: names of the indices as the data say them; ``request.classes`` come before them.
        images: the picture of each mask, as far as known, for messages.

    Returns:
        The rule. Masks of two values are background and foreground where nobody named the classes.

    Raises:
        InputError: the options do not fit one another, an index has two colours among the masks
            (see ``check_palettes``), or nobody named the classes and the masks
            hold more than two values; an example of what to give is in the message.
    """
    names = request.classes or labels
    threshold = _threshold(request.options.get("threshold"), names)
    given = tuple(request.options.get("colour") or ())
    if given and not names:
        raise InputError("--colour needs --classes, such as --classes background,tumour")
    if not given and threshold is None:
        check_palettes(masks, request.mapping, is_binary=len(names) in (0, 2))
    if not names:
        names = _BINARY
        if threshold is None:
            check_binary(masks, request.mapping, images)
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
    for image, _, _ in opened_some(masks):
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
