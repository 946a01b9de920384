"""What a report is made of: the files of a run, or of a cross-validation, and their dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import Dataset, digest, read
from pipelines.errors import InputError
from pipelines.evaluation.case_files import CASES_FILE, CLASSIFICATION, Cases, read_case_files
from pipelines.evaluation.curves import read_history

RUN, CROSSVAL = "run", "cross-validation"
"""What a report may be of."""

CLASSES, LESIONS, MAPS = "classification", "lesion segmentation", "segmentation of classes"
"""Kinds of task, which have different scores and pictures."""

SCORES, CONFIG, HISTORY, AUDIT = "scores.json", "config.json", "history.csv", "audit.json"
UNCALIBRATED, REGIONS, RECORD, MODEL = "uncalibrated.csv", "regions.csv", "record.json", "model.pt"
CROSSVAL_FILE = "crossval.json"
_JSONS = {
    "record": RECORD,
    "calibration": "calibration.json",
    "operating_point": "operating_point.json",
    "machine": "machine.json",
    "mlflow": "mlflow.json",
    "metadata": "configs/metadata.json",
}
"""Files of a run's folder that may be there: name in a member's ``files`` to place."""

_NEEDED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "calibration": {"temperature": ("temperature",)},
    "operating_point": {"gate": ("gate",)},
    "record": {"code": ("code", "digest"), "bundle": ("bundle", "digest")},
}
"""What of these a report reads, with the way to it."""


@dataclass(frozen=True)
class Member:
    """A run.

    Attributes:
        name: its folder's name.
        folder: where it lies.
        fold: that it scored.
        seed: of everything random.
        config: its resolved configuration, references kept.
        scores: its scores.json.
        history: its epochs; None where it has none.
        files: content of each of the further files that are there.
    """

    name: str
    folder: Path
    fold: int | None
    seed: int | None
    config: Mapping[str, Any]
    scores: Mapping[str, Any]
    history: pd.DataFrame | None
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """All that a report is made of.

    Attributes:
        kind: ``RUN`` or ``CROSSVAL``.
        name: what the user called it.
        folder: the run's, or the cross-validation's.
        scores: scores, by class, confusion matrix, FROC, split; of a cross-validation of several
            seeds those of the first one.
        cases: the images that these are of.
        members: the runs that scored them.
        crossval: crossval.json; empty for a run.
        pooled: scores.json of a cross-validation; empty for a run.
        dataset: the data; None where they are not at hand, with the
        absence: why, and what to do.
        audit: what ``med2d audit`` wrote beside the data; None where it did not.
        others: scores of other images (a test part, another site, an ensemble), by name.
    """

    kind: str
    name: str
    folder: Path
    scores: Mapping[str, Any]
    cases: Cases
    members: tuple[Member, ...]
    crossval: Mapping[str, Any]
    pooled: Mapping[str, Any]
    dataset: Dataset | None
    absence: str
    audit: Mapping[str, Any] | None
    others: Mapping[str, Mapping[str, Any]]

    @property
    def first(self) -> Member:
        """The run that tells what they have in common."""
        return self.members[0]

    @property
    def task(self) -> str:
        """``CLASSES``, ``LESIONS`` or ``MAPS``."""
        if self.cases.task == CLASSIFICATION:
            return CLASSES
        return MAPS if self.cases.labels else LESIONS

    @property
    def leaky(self) -> bool:
        """Whether the split leaks on purpose."""
        return bool(self.scores.get("leaky")) or self.cases.leaky

    def table(self, name: str) -> pd.DataFrame | None:
        """Joins a further table of the runs, all cells as text; None where one lacks it."""
        paths = [member.folder / name for member in self.members]
        if not all(path.is_file() for path in paths):
            return None
        return pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths])


def read_sources(folder: Path, name: str, dataset_dir: Path | None = None) -> Sources:
    """Reads a run or a cross-validation that has ended.

    Args:
        folder: its folder.
        name: what the user called it.
        dataset_dir: where the dataset is now; the recorded place where not given.

    Raises:
        InputError: the folder is missing, holds neither, has not ended, or a file in it cannot be
            used; the dataset that is named is another one.
    """
    if not folder.is_dir():
        raise InputError(f"{name} is no folder; give the folder of a run or of a cross-validation")
    if (folder / CROSSVAL_FILE).is_file():
        return _read_crossval(folder, name, dataset_dir)
    member = _read_member(folder)
    scores = member.scores
    cases = read_case_files([folder])
    _check_whole(scores, cases.table, folder)
    dataset, absence = _dataset(member, dataset_dir)
    found = _found_audit(dataset)
    return Sources(
        *(RUN, name, folder, scores, cases, (member,), {}, {}),
        *(dataset, absence, found, _others(folder)),
    )


def _read_crossval(folder: Path, name: str, dataset_dir: Path | None) -> Sources:
    record = _json(folder / CROSSVAL_FILE)
    if not record.get("finished") or not (folder / SCORES).is_file():
        command = record.get("command", "med2d crossval")
        raise InputError(f"the cross-validation in {name} has not ended; go on by: {command}")
    pooled = _json(folder / SCORES)
    try:
        seed = min(run["seed"] for run in record["runs"])
        places = [folder / run["folder"] for run in record["runs"] if run["seed"] == seed]
        scores = {**pooled["by_seed"][str(seed)], "grouping": pooled.get("grouping", "")}
        _ = scores["scores"]
    except (LookupError, TypeError, ValueError):
        raise InputError(
            f"{folder / CROSSVAL_FILE} or {SCORES} beside it is not what med2d crossval writes; "
            f"pool the runs again by: {record.get('command', 'med2d crossval')}"
        ) from None
    members = tuple(map(_read_member, places))
    cases = read_case_files([member.folder for member in members])
    _check_whole(scores, cases.table, folder)
    dataset, absence = _dataset(members[0], dataset_dir)
    return Sources(
        *(CROSSVAL, name, folder, scores, cases, members, record, pooled),
        *(dataset, absence, _found_audit(dataset), {}),
    )


def _read_member(folder: Path) -> Member:
    if not (folder / CONFIG).is_file():
        raise InputError(
            f"{folder} holds no run ({CONFIG} is missing); give the output folder of a training, "
            "or of med2d crossval"
        )
    if not (folder / SCORES).is_file() or not (folder / CASES_FILE).is_file():
        missing = SCORES if not (folder / SCORES).is_file() else CASES_FILE
        raise InputError(
            f"the run in {folder} has no {missing}: its training has not ended; give the command "
            "that started it again with --resume true"
        )
    config, scores = _json(folder / CONFIG), _json(folder / SCORES)
    if not isinstance(scores.get("scores"), dict):
        raise InputError(f"{folder / SCORES} holds no scores; evaluate the run again")
    path = folder / HISTORY
    files = {
        name: _json(folder / file) for name, file in _JSONS.items() if (folder / file).exists()
    }
    for name, content in files.items():
        _check_needed(name, content, folder / _JSONS[name])
    return Member(
        *(folder.name, folder, scores.get("fold"), config.get("seed"), config, scores),
        read_history(path) if path.is_file() else None,
        files,
    )


def _check_needed(name: str, content: Mapping[str, Any], path: Path) -> None:
    """Refuses a file that lacks what the training writes into it."""
    for shown, keys in _NEEDED.get(name, {}).items():
        value: Any = content
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        fits = isinstance(value, str) if len(keys) > 1 else isinstance(value, int | float)
        if not fits:
            raise InputError(
                f"{path} holds no {shown}; expected what a training writes. Put the file of the "
                "run back, or take it away to report without it"
            )


def _check_whole(scores: Mapping[str, Any], cases: pd.DataFrame, folder: Path) -> None:
    """Refuses a table of cases that was cut off: its pictures and subgroups would be of a part."""
    counts = [each["n"] for each in scores["scores"].values() if each.get("unit") == "images"]
    if counts and max(counts) > len(cases):
        raise InputError(
            f"{folder / CASES_FILE} has {len(cases)} images, and the scores in {SCORES} are of "
            f"{max(counts)}: it is not whole, or of another evaluation; evaluate the run again"
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no object; expected what a training writes")
    return content


def _dataset(member: Member, place: Path | None) -> tuple[Dataset | None, str]:
    """Gives the dataset of a run, or why there is none."""
    folder = place or Path(str(member.config.get("dataset_dir", "")))
    try:
        dataset = read(folder)
    except InputError as error:
        if place is not None:
            raise
        return None, f"The dataset is not at hand ({error}). Say where it is by --dataset_dir."
    if digest(dataset) == member.config.get("dataset_digest"):
        return dataset, ""
    message = f"{folder} is not the dataset that the run was trained on, or it has changed since"
    if place is not None:
        raise InputError(f"{message}; name the original by --dataset_dir")
    return None, f"{message}. Name the original by --dataset_dir."


def _found_audit(dataset: Dataset | None) -> Mapping[str, Any] | None:
    if dataset is None or not (dataset.folder / AUDIT).is_file():
        return None
    return _json(dataset.folder / AUDIT)


def _others(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Finds the scores of other images that lie in a run's folder."""
    places: Sequence[Path] = sorted(
        {*folder.glob(f"*/{SCORES}"), *folder.glob(f"sites/*/{SCORES}")}
    )
    found = {path.parent.relative_to(folder).as_posix(): _json(path) for path in places}
    return {name: content for name, content in found.items() if "scored" in content}
