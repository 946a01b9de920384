"""What the network sees: samples as a bundle's training draws them, epoch by epoch."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from monai.bundle import ConfigParser
from monai.transforms import Compose, RandomizableTrait, Transform

from pipelines.datasets.dataset import Dataset, Item
from pipelines.errors import InputError, first_line
from pipelines.preview.bundle_file import BundleFile
from pipelines.preview.chosen import choose
from pipelines.preview.colours import class_colours
from pipelines.preview.contact_sheet import Sheet, Tile, check_area
from pipelines.preview.image_tile import load_tile
from pipelines.preview.legend import Entry
from pipelines.preview.sample_picture import sample_picture, values_of
from pipelines.preview.window import Window
from pipelines.training.replay import ReplayDataset
from pipelines.training.workflow import readable_cause

DRAWS = 7
"""Epochs that are shown of every image, from the first."""

MOST_IMAGES = 6
"""Rows of the sheet."""

_NOTE = (
    "Left the image as it is stored, then the very samples of the first epochs, as the network "
    "gets them, with the lowest and the highest value of each."
)


class Training(NamedTuple):
    """The samples of a training.

    Attributes:
        samples: those of ``(epoch, index)``, as training draws them.
        items: the entries of dataset.json, in the order of the indices.
        fold: the one that is scored.
        seed: of the training.
    """

    samples: ReplayDataset
    items: list[Item]
    fold: int
    seed: int


def training_of(
    dataset: Dataset, bundle: BundleFile, fold: int | None = None, seed: int | None = None
) -> Training:
    """Reads a bundle's configuration as training does, and makes its samples.

    Args:
        dataset: the dataset.
        bundle: the configuration.
        fold: the fold that would be scored; the configuration's own where it is not given.
        seed: of the training; the configuration's own where it is not given.

    Returns:
        The samples; nothing is kept in memory, so that only what is looked at is read.

    Raises:
        InputError: the bundle is of another task, has no samples of dictionaries with ``image``,
            or its transforms cannot be built.
    """
    with readable(bundle):
        parser = _configuration(dataset, bundle, fold, seed)
        own_seed = parser.get_parsed_content("seed")
        samples = _samples(parser, bundle, own_seed)
        by_image = {str(dataset.folder / item["image"]): item for item in dataset.items}
        items = [by_image[str(sample["image"])] for sample in samples.data]
        return Training(samples, items, parser.get_parsed_content("fold"), own_seed)


class NetworkView(NamedTuple):
    """A sheet of samples.

    Attributes:
        sheet: each row an image and its draws.
        items: the images on it.
        among: how many there are, from which they were chosen.
    """

    sheet: Sheet
    items: list[Item]
    among: int


def network_view(
    dataset: Dataset,
    bundle: BundleFile,
    *,
    count: int,
    size: int,
    classes: Sequence[str] = (),
    fold: int | None = None,
    seed: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NetworkView:
    """Draws samples of a bundle's training: the image, then what the first epochs make of it.

    Args:
        dataset: the dataset.
        bundle: the configuration of the training.
        count: most images.
        size: longer side of a tile, pixels.
        classes: names of the classes that are shown; all where there are none.
        fold: the fold that would be scored; the configuration's own where it is not given.
        seed: of the training and of the choice; the configuration's own where it is not given.
        progress: called with the images drawn and their number.

    Returns:
        The sheet and what is on it.

    Raises:
        InputError: see ``training_of``; or no image of the classes trains, an image cannot be
            read, or the sheet would be too large.
    """
    training = training_of(dataset, bundle, fold, seed)
    among = [item for item in training.items if item["class"] in (classes or dataset.classes)]
    items = choose(among, count, training.seed)
    if not items:
        raise InputError(
            f"no image of {', '.join(classes)} trains where fold {training.fold} is scored; give "
            "another --fold or --class"
        )
    check_area(len(items) * (1 + DRAWS) * size**2)
    index_of = {item["image"]: index for index, item in enumerate(training.items)}
    tiles: list[Tile] = []
    sizes: set[tuple[int, int]] = set()
    with readable(bundle):
        window = _unchanged(training, [index_of[item["image"]] for item in items])
        for done, item in enumerate(items, start=1):
            index = index_of[item["image"]]
            draws = [training.samples[epoch, index] for epoch in range(1, 1 + DRAWS)]
            tiles += _row(dataset, item, draws, window, size)
            sizes.update(np.asarray(sample["image"]).shape[-2:] for sample in draws)
            progress(done, len(items))
    texts = (
        f"{len(items)} of {len(among)} images that train where fold {training.fold} is scored",
        f"epochs 1 to {DRAWS} of seed {training.seed}",
        _told_sizes(sizes),
        f"black is {window.low:.2f}, white {window.high:.2f}",
    )
    title = f"{dataset.name}: what {bundle.name} sees"
    legend = legend_of(dataset, items)
    sheet = Sheet(title, " · ".join(texts), legend, tiles, 1 + DRAWS, (_NOTE,))
    return NetworkView(sheet, items, len(among))


def _configuration(
    dataset: Dataset, bundle: BundleFile, fold: int | None, seed: int | None
) -> ConfigParser:
    """Reads the configuration and tells it which dataset, fold and seed are meant."""
    parser = ConfigParser()
    parser.read_config([str(path) for path in (bundle.path, *bundle.variants)])
    given = {"dataset_dir": str(dataset.folder), "fold": fold, "seed": seed}
    for name, value in given.items():
        if name not in parser:
            raise InputError(f"{bundle.path} has no {name}; a bundle of med2d has one")
        if value is not None:
            parser.update({name: value})
    return parser


def _samples(parser: ConfigParser, bundle: BundleFile, seed: int) -> ReplayDataset:
    """Makes the training's samples, of its own data and its own transforms."""
    definition = parser.get("train::dataset")
    if not isinstance(definition, Mapping) or not {"data", "transform"} <= set(definition):
        raise InputError(f"{bundle.path} has no train::dataset with data and transform")
    transform = parser.get_parsed_content("train::dataset::transform")
    keys = "train::dataset::keys"
    more = {"keys": parser.get_parsed_content(keys)} if "keys" in definition else {}
    return ReplayDataset(
        parser.get_parsed_content("train::dataset::data"),
        transform if isinstance(transform, Compose) else Compose(transform),
        seed,
        cache_num=0,
        progress=False,
        **more,
    )


def _unchanged(training: Training, indices: Sequence[int]) -> Window:
    """Gives the range of the inputs without any random change."""
    transform = training.samples.transform
    end = transform.get_index_of_first(
        lambda each: isinstance(each, RandomizableTrait) or not isinstance(each, Transform)
    )
    images = [
        np.asarray(transform(dict(training.samples.data[index]), end=end)["image"])
        for index in indices
    ]
    low, high = min(map(np.min, images)), max(map(np.max, images))
    return Window(float(low), float(high))


def _told_sizes(sizes: Collection[tuple[int, int]]) -> str:
    """Tells the (height, width) of what the network gets; where it differs, the extremes."""
    smallest, largest = (which(sizes, key=math.prod) for which in (min, max))
    told = [f"{width} x {height}" for height, width in dict.fromkeys((smallest, largest))]
    return f"{' to '.join(told)} pixels"


def _row(
    dataset: Dataset, item: Item, draws: Sequence[Mapping[str, Any]], window: Window, size: int
) -> Iterator[Tile]:
    """Yields the stored image, then its draws of the first epochs."""
    colours = class_colours(dataset)
    stored = load_tile(dataset, item, colours, size, mixed=True).tile
    yield stored
    for epoch, sample in enumerate(draws, start=1):
        picture = sample_picture(sample, window, colours, size)
        yield Tile(picture, (f"epoch {epoch}", values_of(sample)), stored.bar)


def legend_of(dataset: Dataset, items: Sequence[Item]) -> tuple[Entry, ...]:
    """Names the classes that the sheet shows."""
    names = {item["class"] for item in items}
    return tuple(
        Entry(dataset.labels[str(index)], colour)
        for index, colour in class_colours(dataset).items()
        if dataset.task == "segmentation" or dataset.labels[str(index)] in names
    )


@contextmanager
def readable(bundle: BundleFile) -> Iterator[None]:
    """Turns whatever a configuration's components raise into one line; hushes MONAI's readers.

    MONAI warns of a decoder for GPUs that is absent, once for each reader that it makes.
    """
    log = logging.getLogger("monai.data.nvimgcodec_pydicom_plugin")
    level = log.level
    try:
        log.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "NvImgCodecPydicomReader")
            yield
    except InputError:
        raise
    except Exception as error:  # a transform of anybody's may raise anything
        cause = readable_cause(error)
        if cause is not None:
            raise InputError(str(cause)) from error
        raise InputError(
            f"{bundle.path} cannot make its training samples ({first_line(_innermost(error))})"
        ) from error
    finally:
        log.setLevel(level)


def _innermost(error: BaseException) -> BaseException:
    """Gives what the component itself raised, below MONAI's words around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
