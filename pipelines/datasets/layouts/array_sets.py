"""Which arrays belong together: images, and their targets, masks and patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.datasets.layouts.array_entries import Entry
from pipelines.datasets.layouts.array_labels import is_labels
from pipelines.datasets.layouts.array_names import (
    ANSWERS,
    GROUPS,
    IMAGES,
    MASKS,
    TARGETS,
    WORDS,
    Naming,
)
from pipelines.datasets.layouts.sample import Problem, Request
from pipelines.datasets.sources.array_axes import Axes, Order, find_axes, picture_size
from pipelines.datasets.sources.array_levels import Found, find_levels
from pipelines.datasets.sources.source import check_pixels
from pipelines.datasets.sources.stored_array import StoredArray
from pipelines.errors import InputError
from transforms.picture import PictureError

CHOOSABLE = (IMAGES, TARGETS, MASKS, GROUPS)
"""What an option (``--images-file``, …) can choose the array of."""


@dataclass
class ArraySet:
    """Arrays whose names differ only in what they hold; none is opened.

    Attributes:
        naming: of one of them.
        entries: the arrays of each kind.
    """

    naming: Naming
    entries: dict[str, list[Entry]] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenSet:
    """Images that were looked at, with what belongs to them.

    Attributes:
        naming: what the names say.
        images: the images.
        axes: of the images.
        found: what the values of the images mean.
        targets: (N, …) labels, where there are.
        groups: (N,) patients, where there are.
        masks: (N, …) maps, where there are.
        mask_axes: of the masks.
    """

    naming: Naming
    images: StoredArray
    axes: Axes
    found: Found
    targets: StoredArray | None
    groups: StoredArray | None
    masks: StoredArray | None
    mask_axes: Axes


class RefusedError(Exception):
    """Arrays that cannot be used.

    Attributes:
        problem: which, and why.
    """

    def __init__(self, source: str, line: object) -> None:
        super().__init__(str(line))
        self.problem = Problem(source, str(line))


def group_entries(entries: Sequence[Entry], request: Request) -> tuple[list[ArraySet], list[Entry]]:
    """Puts the arrays together that belong together.

    Args:
        entries: all arrays.
        request: its options ``images_file``, … choose an array by its path or the end of it.

    Returns:
        The sets, and the arrays whose names say nothing.

    Raises:
        InputError: an option names no array, or several.
    """
    chosen = {
        kind: _chosen(entries, request.options.get(f"{kind}_file"), f"--{kind}-file")
        for kind in CHOOSABLE
    }
    plain = chosen[IMAGES] is None and all(each.naming.kind != IMAGES for each in entries)
    sets: dict[tuple[str | None, tuple[str, ...]], ArraySet] = {}
    unread: list[Entry] = []
    for entry in entries:
        kind, naming = _kind(entry, chosen, plain)
        if kind is None:
            unread.append(entry)
            continue
        key = (naming.part, tuple(each.casefold() for each in naming.rest))
        belonging = sets.setdefault(key, ArraySet(naming))
        belonging.entries.setdefault(kind, []).append(entry)
    return list(sets.values()), unread


def _kind(
    entry: Entry, chosen: Mapping[str, Entry | None], plain: bool
) -> tuple[str | None, Naming]:
    """Tells what an array is taken for: by the options, else by its name.

    Args:
        entry: the array.
        chosen: the arrays that options name.
        plain: whether the name of a class alone means its images.
    """
    for kind, choice in chosen.items():
        if choice is entry:
            return kind, Naming(kind, None, ())
    kind_by_name = entry.naming.kind
    if kind_by_name is None:
        return (IMAGES if plain else None), entry.naming
    replaced = chosen.get(kind_by_name) is not None
    if kind_by_name == ANSWERS:
        replaced = chosen[TARGETS] is not None or chosen[MASKS] is not None
    return (None if replaced else kind_by_name), entry.naming


def _chosen(entries: Sequence[Entry], name: str | None, flag: str) -> Entry | None:
    """Finds the array that an option names."""
    if not name:
        return None
    asked = name.removesuffix(".npy")
    hits = [each for each in entries if f"/{each.name}".removesuffix(".npy").endswith(f"/{asked}")]
    if len(hits) == 1:
        return hits[0]
    known = ", ".join(each.name for each in (hits or entries)[:10])
    problem = "fits several arrays" if hits else "names no array of the raw folder"
    raise InputError(f"{flag} {name} {problem}; expected one of {known}")


def open_set(each: ArraySet, task: str, order: Order | None) -> OpenSet:
    """Opens the arrays of a set and looks at their shapes and at the range of the images.

    Args:
        each: the set.
        task: what it is wanted for.
        order: where the channels stand, as the person said.

    Returns:
        The arrays.

    Raises:
        RefusedError: one cannot be read, is missing, or does not fit the others.
    """
    entry = _single(each, IMAGES)
    images = _opened(entry)
    axes = _axes(images, order)
    beside = _beside(each, images)
    masks = beside.get(MASKS)
    if task == "segmentation" and masks is None:
        raise RefusedError(images.name, _missing(images.name, MASKS, WORDS[MASKS][1]))
    if task != "segmentation" and TARGETS not in beside and each.naming.category is None:
        raise RefusedError(images.name, _missing(images.name, TARGETS, WORDS[ANSWERS][1]))
    mask_axes: Axes = "NHW"
    if task == "segmentation" and masks is not None:
        mask_axes = _covering(masks, images, axes, order)
    try:
        found = find_levels(images)
    except InputError as error:
        raise RefusedError(images.name, error) from None
    return OpenSet(
        each.naming, images, axes, found, beside.get(TARGETS), beside.get(GROUPS), masks, mask_axes
    )


def _single(each: ArraySet, kind: str) -> Entry:
    """Gives the only array of a kind."""
    entries = each.entries.get(kind, [])
    if len(entries) == 1:
        return entries[0]
    if entries:
        names = " and ".join(f'"{entry.name}"' for entry in entries)
        flags = "--targets-file or --masks-file" if kind == ANSWERS else f"--{kind}-file"
        line = f"arrays {names} seem to hold the same {kind}; choose one with {flags}"
        raise RefusedError(entries[0].name, line)
    other = next(iter(each.entries.values()))[0].name
    raise RefusedError(
        other,
        f'array "{other}" has no images with it; expected an array with one of '
        f"{_listed(WORDS[IMAGES][1])} in its name and else the same name, or choose with "
        "--images-file",
    )


def _opened(entry: Entry) -> StoredArray:
    try:
        return entry.open()
    except InputError as error:
        raise RefusedError(entry.name, error) from None


def _axes(array: StoredArray, order: Order | None) -> Axes:
    """Finds the axes of pictures of a size that can be read."""
    try:
        axes = find_axes(array.shape, array.name, order)
        height, width = picture_size(array.shape, axes)
        check_pixels(width, height, array.name)
    except (InputError, PictureError) as error:
        raise RefusedError(array.name, error) from None
    return axes


def _beside(each: ArraySet, images: StoredArray) -> dict[str, StoredArray]:
    """Opens what belongs to the images; the shape tells what may be targets or masks."""
    found: dict[str, StoredArray] = {}
    for kind in (TARGETS, MASKS, ANSWERS, GROUPS):
        if kind not in each.entries:
            continue
        array = _opened(_single(each, kind))
        if array.shape[0] != images.shape[0]:
            raise RefusedError(
                array.name,
                f"{array.name} has {array.shape[0]} rows, {images.name} {images.shape[0]}; "
                "expected one row per image",
            )
        flat = is_labels(array.shape)
        if flat is (kind == MASKS) and kind != ANSWERS:
            raise RefusedError(
                array.name,
                f"{array.name} has the shape {array.shape}, which is none of {kind}; expected "
                + ("(N, height, width)" if kind == MASKS else "one row of labels per image"),
            )
        if kind == GROUPS and array.row_size > 1:
            line = f"{array.name} has the shape {array.shape}; expected one patient per image"
            raise RefusedError(array.name, line)
        told = (TARGETS if flat else MASKS) if kind == ANSWERS else kind
        found.setdefault(told, array)
    return found


def _missing(name: str, kind: str, words: str) -> str:
    return (
        f"{name} has no {kind} with it; expected an array with one of {_listed(words)} in its name "
        f"and else the same name, or choose with --{kind}-file"
    )


def _listed(words: str) -> str:
    return words.replace(" ", ", ")


def _covering(masks: StoredArray, images: StoredArray, axes: Axes, order: Order | None) -> Axes:
    """Finds the axes of masks, which must be as large as the images."""
    if masks.kind in "SU":
        raise RefusedError(masks.name, f"{masks.name} holds text; expected class indices")
    mask_axes = _axes(masks, order)
    height, width = picture_size(masks.shape, mask_axes)
    image_height, image_width = picture_size(images.shape, axes)
    if (height, width) != (image_height, image_width):
        raise RefusedError(
            masks.name,
            f"{masks.name} holds masks of {width} x {height} pixels, {images.name} images of "
            f"{image_width} x {image_height}; save both at one size",
        )
    return mask_axes
