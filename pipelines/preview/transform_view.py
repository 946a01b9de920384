"""What each random transform of a bundle does by itself: a row for each, on one image."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from monai.transforms import Compose, RandomizableTrait, apply_transform

from pipelines.datasets.dataset import Dataset, Item
from pipelines.errors import InputError
from pipelines.preview.bundle_file import BundleFile
from pipelines.preview.chosen import choose
from pipelines.preview.colours import class_colours
from pipelines.preview.contact_sheet import Sheet, Tile, check_area
from pipelines.preview.network_view import (
    DRAWS,
    MOST_IMAGES,
    Training,
    legend_of,
    readable,
    training_of,
)
from pipelines.preview.sample_picture import mask_of, sample_picture, values_of
from pipelines.preview.window import Window
from pipelines.training.replay import sample_seed
from transforms.trivial_augment import RandTrivialAugmentd

_NOTE = (
    "Left the input without random changes, then what the transform makes of it, by itself and in "
    "every sample, however rare it is in training."
)

Sample = Mapping[str, Any]


class Alone(NamedTuple):
    """One random transform of a list.

    Attributes:
        name: its class; of a policy, also the operation.
        transform: the transform; it changes every sample.
        before: the samples that it gets, without any random change.
    """

    name: str
    transform: Any
    before: Sample


class TransformView(NamedTuple):
    """A sheet of transforms.

    Attributes:
        sheet: each row a transform and its draws.
        item: the image on it.
    """

    sheet: Sheet
    item: Item


def transform_view(
    dataset: Dataset,
    bundle: BundleFile,
    *,
    size: int,
    classes: Sequence[str] = (),
    fold: int | None = None,
    seed: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> TransformView | None:
    """Draws each random transform of a bundle's training at work.

    A policy that draws from several operations, and a list of which MONAI draws some, give a row
    for each.

    Args:
        dataset: the dataset.
        bundle: the configuration of the training.
        size: longer side of a tile, pixels.
        classes: names of the classes from which the image is chosen; all where there are none.
        fold: the fold that would be scored; the configuration's own where it is not given.
        seed: of the draws and of the choice; the configuration's own where it is not given.
        progress: called with the transforms drawn and their number.

    Returns:
        The sheet and what is on it; None where no transform is random.

    Raises:
        InputError: see ``training_of``; or no image of the classes trains, an image or a transform
            cannot be used, or the sheet would be too large.
    """
    training = training_of(dataset, bundle, fold, seed)
    with readable(bundle):
        index = _shown_image(training, classes or dataset.classes)
        rows = list(_alone(training, index))
        if not rows:
            return None
        check_area(len(rows) * (1 + DRAWS) * size**2)
        tiles: list[Tile] = []
        for done, row in enumerate(rows, start=1):
            tiles += _row(dataset, training, row, index, size)
            progress(done, len(rows))
    item = training.items[index]
    title = f"{dataset.name}: each random transform of {bundle.name}"
    text = f"{dataset.resolved(item)['id']} · {len(rows)} transforms · seed {training.seed}"
    sheet = Sheet(title, text, legend_of(dataset, [item]), tiles, 1 + DRAWS, (_NOTE,))
    return TransformView(sheet, item)


def _shown_image(training: Training, classes: Sequence[str]) -> int:
    """Chooses an image; one with a mask that is not empty, where there is one."""
    among = [item for item in training.items if item["class"] in classes]
    chosen = choose(among, MOST_IMAGES, training.seed)
    if not chosen:
        raise InputError(
            f"no image of {', '.join(classes)} trains where fold {training.fold} is scored; give "
            "another --fold or --class"
        )
    index_of = {item["image"]: index for index, item in enumerate(training.items)}
    indices = [index_of[item["image"]] for item in chosen]
    return next((index for index in indices if _has_lesion(training, index)), indices[0])


def _has_lesion(training: Training, index: int) -> bool:
    """Tells whether the input's mask names anything but background."""
    transforms = training.samples.transform
    end = transforms.get_index_of_first(lambda each: isinstance(each, RandomizableTrait))
    mask = mask_of(transforms(dict(training.samples.data[index]), end=end).get("label"))
    return mask is not None and bool(mask.any())


def _alone(training: Training, index: int) -> Iterator[Alone]:
    """Yields the random transforms, each with what the others leave to it."""
    sample: Any = dict(training.samples.data[index])
    for transform in training.samples.transform.flatten().transforms:
        if not isinstance(transform, RandomizableTrait):
            sample = apply_transform(transform, sample)
            continue
        for name, single in _singles(transform):
            yield Alone(name, single, sample)


def _singles(transform: Any) -> Iterator[tuple[str, Any]]:
    """Yields what a random transform draws from, each so that it changes every sample."""
    name = type(transform).__name__
    if isinstance(transform, Compose):
        for inner in transform.transforms:
            yield from _singles(inner)
    elif isinstance(transform, RandTrivialAugmentd):
        for operation, single in transform.singles().items():
            yield f"{operation} ({name})", single
    else:
        single = copy.deepcopy(transform)
        if hasattr(single, "prob"):
            single.prob = 1.0
        yield name, single


def _row(dataset: Dataset, training: Training, row: Alone, index: int, size: int) -> Iterator[Tile]:
    """Yields the input, then the draws, all in the window of the input."""
    colours, image = class_colours(dataset), np.asarray(row.before["image"])
    window = Window(float(image.min()), float(image.max()))
    picture = sample_picture(row.before, window, colours, size)
    yield Tile(picture, (row.name, values_of(row.before)))
    for draw in range(1, 1 + DRAWS):
        row.transform.set_random_state(sample_seed(training.seed, draw, index))
        sample = apply_transform(row.transform, dict(row.before))
        picture = sample_picture(sample, window, colours, size)
        caption = (f"draw {draw}", *told_draw(row.transform), values_of(sample))
        yield Tile(picture, caption)


def told_draw(transform: Any) -> tuple[str, ...]:
    """Gives lines of the numbers and names that a transform of ours drew: ``strength 0.4``."""
    draw = getattr(transform, "draw", None)
    if not isinstance(draw, tuple) or not hasattr(draw, "_asdict"):
        return ()
    parts = []
    for name, value in draw._asdict().items():
        if isinstance(value, float) and value:
            parts.append(f"{name} {value:.2g}")
        elif name != "name" and isinstance(value, tuple) and set(map(type, value)) == {str}:
            parts.append(", ".join(value))
        elif name != "place" and isinstance(value, tuple) and set(map(type, value)) == {float}:
            parts.append(f"{name} " + ", ".join(f"{each:.2g}" for each in value))
    return tuple(" · ".join(parts[start : start + 2]) for start in range(0, len(parts), 2))
