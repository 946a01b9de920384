"""Which images the weights that a training begins from have seen, as far as records tell.

Weights of a run lie beside its record. It names the images that trained and chose them, and the
weights that the run itself began from, whose run has a record again. Other weights have none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monai.bundle.utils import ID_SEP_KEY

from pipelines.datasets.dataset import Dataset, Item, digest, read
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.named_files import named_files
from pipelines.training.run_record import DATASET, FILE, ITEMS, read_items, read_record
from pipelines.training.settings import is_none

WEIGHTS = "weights"
"""Id of the weights in every configuration."""

_CONFIG, _DIGEST = "config.json", "dataset_digest"
_LIBRARIES = ("torchvision.", "timm.")  # whose own weights are named so
_SUFFIXES = (".bin", ".ckpt", ".pt", ".pth", ".safetensors")
_NAMED = 5


class Seen(NamedTuple):
    """A run that has seen images.

    Attributes:
        run: its folder.
        images: what it was trained on or chosen by: SHA-256 of an image to its path in the dataset.
    """

    run: Path
    images: Mapping[str, str]


class _File(NamedTuple):
    """A file of weights, with the SHA-256 that it had; None where it is what it is now."""

    path: Path
    sha256: str | None = None


class WeightOrigin(NamedTuple):
    """Where weights come from.

    Attributes:
        runs: the run that left them, and those that it began from in turn.
        unknown: what no record tells of, each in words.
    """

    runs: tuple[Seen, ...] = ()
    unknown: tuple[str, ...] = ()

    def seen(self, items: Sequence[Item]) -> list[tuple[Path, list[str]]]:
        """Names the images that were seen, by their content.

        Args:
            items: images of a dataset.

        Returns:
            Each run that has seen some of them, with their paths.
        """
        found = [
            (each.run, [item["image"] for item in items if item["sha256"] in each.images])
            for each in self.runs
        ]
        return [(run, images) for run, images in found if images]


def origin_of_weights(config: Mapping[str, Any]) -> WeightOrigin:
    """Tells where the weights come from that a configuration names.

    Args:
        config: a configuration; relative paths are of the working folder.

    Raises:
        InputError: a record that lies beside the weights cannot be read.
    """
    return _followed(list(_weight_files(config).values()))


def origin_of_run(run: str | Path) -> WeightOrigin:
    """Tells where the weights come from that a run began from.

    Args:
        run: the run's folder; its own images are not among those that are told.

    Raises:
        InputError: a record cannot be read.
    """
    files, unknown = _began_from(Path(run), _config(Path(run)) or {})
    found = _followed(files, Path(run))
    return found._replace(unknown=(*unknown, *found.unknown))


class ScoredUnseen(NamedTuple):
    """Whether a run scored its fold unseen.

    Attributes:
        seen: how many images of the fold were seen by runs that its weights come from.
        by: the folders of these runs.
        unknown: what nobody knows, each in words.
    """

    seen: int = 0
    by: tuple[Path, ...] = ()
    unknown: tuple[str, ...] = ()


def scored_unseen(run: str | Path) -> ScoredUnseen:
    """Tells whether the weights that a run began from had seen the fold that it scored.

    Args:
        run: the run's folder.

    Raises:
        InputError: a record cannot be read.
    """
    origin, config = origin_of_run(run), _config(Path(run)) or {}
    if not origin.runs:
        return ScoredUnseen(unknown=origin.unknown)
    items = _items(Path(run), config)
    if items is None:
        names = ", ".join(str(each.run) for each in origin.runs)
        lost = f"weights of {names}, as the images of the run itself are not recorded"
        return ScoredUnseen(unknown=(*origin.unknown, lost))
    found = origin.seen([item for item in items if item["fold"] == config.get("fold")])
    images = {image for _, images in found for image in images}
    return ScoredUnseen(len(images), tuple(run for run, _ in found), origin.unknown)


def check_weights(config: Mapping[str, Any], dataset: Dataset, fold: int) -> None:
    """Refuses to train from weights that have seen images which will be scored.

    Args:
        config: the configuration of the training.
        dataset: its dataset.
        fold: the fold that it will score.

    Raises:
        InputError: a run that left the weights, or one before it, was trained on or chosen by
            images of the fold; or its record cannot be read.
    """
    origin = origin_of_weights(config)
    scored = [item for item in dataset.items if item["fold"] == fold]
    found = origin.seen(scored)
    if not found:
        return
    unseen = [
        each
        for each in dataset.folds
        if not origin.seen([item for item in dataset.items if item["fold"] == each])
    ]
    other = f"score a fold that they never saw (--fold {unseen[0]}), or " if unseen else ""
    raise InputError(
        f"{_text(found, scored)} of fold {fold} of {dataset.folder}, which would be scored; the "
        f"weights to begin from come from that run, so the scores would be too good. Instead "
        f"{other}begin from weights of a run with the same fold, or of elsewhere"
    )


def check_began_unseen(items: Sequence[Item], dataset: Dataset, run: Path) -> None:
    """Refuses to score images that the weights have seen from which a run began.

    Args:
        items: the images.
        dataset: that they are of.
        run: the run's folder.

    Raises:
        InputError: some were seen; or a record cannot be read.
    """
    found = origin_of_run(run).seen(items)
    if found:
        raise InputError(
            f"{_text(found, items)} of {dataset.folder} to be scored; the run in {run} began from "
            "weights that come from it, so the scores would be too good. Score images that it has "
            "never seen, or train again from other weights"
        )


def _text(found: Sequence[tuple[Path, list[str]]], items: Sequence[Item]) -> str:
    run, images = max(found, key=lambda each: len(each[1]))
    more = f" and {len(images) - _NAMED} more" if len(images) > _NAMED else ""
    return (
        f"the run in {run} was trained on or chosen by {len(images)} ({', '.join(images[:_NAMED])}"
        f"{more}) of the {len(items)} images"
    )


def _followed(files: Sequence[_File], begin: Path | None = None) -> WeightOrigin:
    """Follows the records from files of weights to those that came before."""
    runs: list[Seen] = []
    unknown: list[str] = []
    waiting = list(files)
    known = set() if begin is None else {begin.resolve()}
    while waiting:
        file = waiting.pop(0)
        run = file.path.resolve().parent
        config = _config(run)
        why = _why_unknown(file, config)
        if why or config is None:
            unknown.append(why)
        elif run not in known:
            known.add(run)
            images = _trained_images(run, config)
            if images is None:
                unknown.append(f"{file.path.name} of {_shown(run)}, whose images are not recorded")
            else:
                runs.append(Seen(_shown(run), images))
            before, lost = _began_from(run, config)
            waiting += before
            unknown += lost
    return WeightOrigin(tuple(runs), tuple(dict.fromkeys(unknown)))


def _why_unknown(file: _File, config: Mapping[str, Any] | None) -> str:
    """Says why nothing is known of weights; "" where a run's record lies beside them."""
    path = file.path
    if not path.is_file():
        return f"{path.name} of {_shown(path.parent)}, which is gone"
    if file.sha256 is not None and sha256_of(path) != file.sha256:
        return f"{path.name} of {_shown(path.parent)}, which is another file now"
    return "" if config is not None else f"{path.name}, a file without a record"


def _began_from(run: Path, config: Mapping[str, Any]) -> tuple[list[_File], list[str]]:
    """Gives the files of weights that a run began from, and what of them is not known."""
    if (run / FILE).is_file():
        recorded = read_record(run).get("files", {})
        files = {
            name: _File(Path(each["path"]), each["sha256"])
            for name, each in recorded.items()
            if {"path", "sha256"} <= set(each) and _is_weights(name, Path(each["path"]))
        }
    else:  # of an older med2d, which recorded no hashes
        files = _weight_files(config)
    named = config.get(WEIGHTS)
    if WEIGHTS in files or is_none(named) or str(named).startswith(_LIBRARIES):
        return list(files.values()), []
    return list(files.values()), [f"{named}, which the run in {_shown(run)} did not record"]


def _weight_files(config: Mapping[str, Any]) -> dict[str, _File]:
    """Finds the weights that a configuration names, by the id of the value."""
    files = named_files(config).items()
    return {name: _File(path) for name, path in files if _is_weights(name, path)}


def _is_weights(name: str, path: Path) -> bool:
    return name.rpartition(ID_SEP_KEY)[2] == WEIGHTS or path.suffix in _SUFFIXES


def _config(folder: Path) -> dict[str, Any] | None:
    """Reads the configuration of a run; None where the folder holds none."""
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) and _DIGEST in config else None


def _trained_images(run: Path, config: Mapping[str, Any]) -> dict[str, str] | None:
    """Gives the images that trained or chose a run's model, by their content; None if unknown."""
    items, fold = _items(run, config), config.get("fold")
    if items is None or not isinstance(fold, int):
        return None
    return {item["sha256"]: item["image"] for item in items if item["fold"] != fold}


def _items(run: Path, config: Mapping[str, Any]) -> Sequence[Item] | None:
    """Gives the images that a run recorded, else those of its dataset where that is the same."""
    if (run / ITEMS).is_file():
        return read_items(run).get(DATASET, {}).get("training")
    try:
        dataset = read(str(config.get(DATASET, "")))
    except InputError:
        return None
    return dataset.items if digest(dataset) == config[_DIGEST] else None


def _shown(path: Path) -> Path:
    """Gives a path as a person would write it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
