"""What the images look like that a run, or the runs of an ensemble, were trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipelines.datasets.audit.measure import read_pixels
from pipelines.datasets.dataset import Dataset, Item, digest, parts, read
from pipelines.deployment.array_answerer import METADATA, read_configuration
from pipelines.deployment.unlike_images import fit
from pipelines.errors import InputError
from pipelines.training.run_folder import recorded
from pipelines.training.run_record import DATASET, read_record
from pipelines.training.run_record import FILE as RECORD
from transforms.picture import PictureError

MOST = 1000
"""Images that are looked at, at most, spread evenly over those that trained: bounds the time."""


def fit_to_run(folder: Path, dataset_dir: Path | None = None) -> dict[str, Any]:
    """Describes the images that a model was trained on; see ``unlike_images.fit``.

    Args:
        folder: a run's folder, or that of the ensemble of a cross-validation, whose runs stand
            beside it.
        dataset_dir: where the dataset is now; the recorded place where not given.

    Raises:
        InputError: it cannot be done: the folder records no training, its dataset is not at hand,
            has changed since, or a picture in it cannot be read; or the images are too few.
    """
    runs = _runs(folder)
    dataset = _dataset(runs[0], dataset_dir)
    return fit(_pictures(dataset, _trained(dataset, runs)))


def _runs(folder: Path) -> list[Path]:
    """The run itself, or the members of an ensemble."""
    if not (folder / "config.json").is_file():
        members = read_configuration(folder, METADATA).get("ensemble") or []
        names = [each.get("run", "") for each in members if isinstance(each, dict)]
        runs = [folder.parent / name for name in names if name]
        if runs and all((run / "config.json").is_file() for run in runs):
            return runs
        raise InputError(f"{folder} records no training")
    return [folder]


def _dataset(run: Path, place: Path | None) -> Dataset:
    if not (run / RECORD).is_file():
        raise InputError(f"{run} does not record its dataset ({RECORD} is missing)")
    told = read_record(run).get("datasets", {}).get(DATASET, {})
    place = place or Path(str(told.get("path", "")))
    dataset = read(place)
    if digest(dataset) != told.get("digest"):
        raise InputError(f"{place} is not the dataset that trained, or it has changed since")
    return dataset


def _trained(dataset: Dataset, runs: Sequence[Path]) -> list[Item]:
    """The items that trained any of the runs, in the order of the dataset; the most that count."""
    folds = {recorded(run)["fold"] for run in runs}
    names = {item["image"] for fold in folds for item in parts(dataset, fold)[0]}
    items = [item for item in dataset.items if item["image"] in names]
    count = min(MOST, len(items))
    return [items[number * len(items) // count] for number in range(count)]


def _pictures(dataset: Dataset, items: Sequence[Item]) -> Iterator[NDArray[Any]]:
    for item in items:
        try:
            yield read_pixels(dataset.folder / item["image"], item["image"])
        except PictureError as error:
            raise InputError(f"{dataset.folder}: {error}") from error
