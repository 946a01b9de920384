"""A selection of the dataset's images as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.exports.letterbox import fitted
from pipelines.datasets.leaky import leaky_text
from pipelines.preview.colours import class_colours
from pipelines.preview.contact_sheet import Sheet, check_area, columns_of
from pipelines.preview.image_tile import Loaded, load_tile
from pipelines.preview.legend import Entry
from pipelines.preview.selection import Selection
from pipelines.preview.window import PERCENTILES

_TITLES = {"class": "{}", "flag": "flag {}", "finding": "audit: {}"}


def image_sheet(
    dataset: Dataset,
    selection: Selection,
    size: int,
    columns: int | None = None,
    step: Callable[[], None] = lambda: None,
    warn: Callable[[str], None] = lambda line: None,
) -> Sheet:
    """Loads the images of a selection and lays them out.

    Args:
        dataset: the dataset.
        selection: at least one image.
        size: longer side of a tile, pixels.
        columns: tiles in a row; their number decides where it is not given.
        step: called after every image.
        warn: called with a line for each image that cannot be drawn.

    Returns:
        The sheet.

    Raises:
        InputError: the sheet would be too large.
    """
    sizes = (fitted(item["height"], item["width"], size) for item in selection.items)
    check_area(sum(height * width for height, width in sizes))
    mixed = selection.kind != "class"
    colours = class_colours(dataset)
    loaded = []
    for item in selection.items:
        loaded.append(load_tile(dataset, item, colours, size, mixed))
        if loaded[-1].problem:
            warn(loaded[-1].problem)
        step()
    texts = [chosen_text(selection), selection.text]
    return Sheet(
        title=f"{dataset.name}: {_TITLES[selection.kind].format(selection.name)}",
        text="\n".join(filter(None, texts)),
        legend=legend_of(dataset, [each.classes for each in loaded], mixed),
        tiles=[each.tile for each in loaded],
        columns=columns or _columns(selection),
        notes=notes_of(dataset, loaded),
    )


def chosen_text(selection: Selection) -> str:
    """Says how many pairs, images, groups and folds are shown, and of how many."""
    numbers = [
        (*(len({item[key] for item in part}) for part in (selection.items, selection.among)), key)
        for key in ("image", "group", "fold")
    ]
    texts = [f"{part} of {whole} {key}s" for part, whole, key in numbers]
    if selection.pairs:
        texts.insert(0, f"{len(selection.items) // 2} of {selection.pairs} pairs, side by side")
    return " · ".join(texts)


def _columns(selection: Selection) -> int | None:
    """Gives the columns of a sheet of pairs, an even number, so that none is torn apart."""
    if not selection.pairs:
        return None
    number = columns_of(len(selection.items))
    return number + number % 2


def legend_of(
    dataset: Dataset, classes: Sequence[frozenset[int]], mixed: bool = True
) -> tuple[Entry, ...]:
    """Names the classes with their colours, and in how many tiles each occurs.

    Args:
        dataset: the dataset.
        classes: of every tile, the indices of its classes.
        mixed: whether tiles may differ in their class.

    Returns:
        Every class that could be outlined; of a classification, those that occur.
    """
    entries = []
    for index, colour in class_colours(dataset).items():
        name, number = dataset.labels[str(index)], sum(index in each for each in classes)
        if dataset.task == "segmentation":
            entries.append(Entry(f"{name} (in {number} of {len(classes)})", colour))
        elif number:
            entries.append(Entry(f"{name} ({number})" if mixed else name, colour))
    return tuple(entries)


def notes_of(dataset: Dataset, loaded: Sequence[Loaded]) -> tuple[str, ...]:
    """Gives the lines at the foot: windows, leaking folds, what is not shown, the source."""
    low, high = PERCENTILES
    notes = []
    if any(each.deep for each in loaded):
        notes.append(
            f"Images of 16 bits are black below the {low} percentile of their values and white "
            f"above the {high} percentile."
        )
    broken = sum(bool(each.problem) for each in loaded)
    if broken:
        notes.append(f"{broken} of these images cannot be drawn as they should; see med2d audit.")
    if dataset.leaky:
        notes.append(f"Folds: {leaky_text(dataset)}.")
    if dataset.testing:
        notes.append(f"The {len(dataset.testing)} images of the part testing are not shown.")
    if dataset.reference:
        notes.append(f"Data: {dataset.reference}")
    return tuple(notes)
