"""The same images under several models: what may be compared, and what may not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation.case_files import CLASSIFICATION, Cases
from pipelines.evaluation.class_maps import score_column
from pipelines.evaluation.segmentation_statistics import has_lesion

_TRUTHS = ("class", "lesions", "lesion_area")
_DIGEST = "dataset_digest"
_RECORDS = ("scores.json", "config.json")
_SHOWN = 5


class Model(NamedTuple):
    """The cases of one model.

    Attributes:
        name: what it is called in messages and tables.
        cases: its cases.
        digest: of the dataset that they are of; None where it is not known.
    """

    name: str
    cases: Cases
    digest: str | None


def recorded_digest(folder: Path) -> str | None:
    """Finds the digest of the dataset that a results folder's cases are of.

    Args:
        folder: holds ``cases.csv``; beside it may stand ``scores.json`` or the run's
            ``config.json``, of which the first that names a digest counts.
    """
    for name in _RECORDS:
        try:
            record = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        parts = (record, record.get("scored")) if isinstance(record, dict) else ()
        found = [part[_DIGEST] for part in parts if isinstance(part, dict) and part.get(_DIGEST)]
        if found:
            return str(found[0])
    return None


def paired(models: Sequence[Model]) -> list[Model]:
    """Checks that models have answered the same images, and gives all the same groups.

    Args:
        models: at least two.

    Returns:
        The models; the groups of one that names them stand for those that do not.

    Raises:
        InputError: tasks, classes, dataset digests, images, truths or groups differ.
    """
    for model in models:
        if not model.cases.named:
            raise InputError(f"{model.name} has no column id; pairs of images are joined by it")
    for check in (_check_kind, _check_digest, _check_images, _check_truths):
        for first, other in combinations(models, 2):  # what one lacks, two others may differ in
            check(first, other)
    grouped = [model for model in models if model.cases.grouped]
    for other in grouped[1:]:
        _check_column(grouped[0], other, "group", "group")
    if not grouped:
        return list(models)
    groups = grouped[0].cases.table["group"]
    return [_with_groups(model, groups) for model in models]


def _with_groups(model: Model, groups: pd.Series) -> Model:
    table = model.cases.table.assign(group=groups)
    return model._replace(cases=model.cases._replace(table=table, grouped=True))


def _check_kind(first: Model, other: Model) -> None:
    if first.cases.task != other.cases.task:
        raise InputError(
            f"{first.name} is of a {first.cases.task} and {other.name} of a {other.cases.task}"
        )
    if set(first.cases.labels) != set(other.cases.labels):
        raise InputError(
            f"{first.name} has the classes {', '.join(first.cases.labels)} and {other.name} "
            f"{', '.join(other.cases.labels)}; expected the same"
        )


def _check_digest(first: Model, other: Model) -> None:
    if first.digest and other.digest and first.digest != other.digest:
        raise InputError(
            f"{first.name} is of the dataset {first.digest[:12]} and {other.name} of "
            f"{other.digest[:12]} (dataset_digest); expected the same dataset: evaluate both on it"
        )


def _check_images(first: Model, other: Model) -> None:
    own, others = (set(model.cases.table["id"]) for model in (first, other))
    missing = {first.name: sorted(others - own), other.name: sorted(own - others)}
    lacking = [f"{name} lacks {_listed(ids)}" for name, ids in missing.items() if ids]
    if lacking:
        raise InputError(f"{'; '.join(lacking)}; expected the same images")


def _check_truths(first: Model, other: Model) -> None:
    tables = [model.cases.table for model in (first, other)]
    for name in _TRUTHS:
        if all(name in table for table in tables):
            _check_column(first, other, name, f"true {name.replace('_', ' ')}")
    if first.cases.task != CLASSIFICATION:
        a, b = (has_lesion(table) for table in tables)
        _check_equal(first, other, a, b, "presence of a lesion")
    for label in first.cases.labels if first.cases.task != CLASSIFICATION else ():
        a, b = (table[score_column("dice", label)].notna() for table in tables)
        _check_equal(first, other, a, b, f"presence of {label}")


def _check_column(first: Model, other: Model, column: str, what: str) -> None:
    _check_equal(first, other, first.cases.table[column], other.cases.table[column], what)


def _check_equal(first: Model, other: Model, a: pd.Series, b: pd.Series, what: str) -> None:
    differ = (a != b).to_numpy()
    if differ.any():
        ids = first.cases.table.loc[differ, "id"].tolist()
        raise InputError(
            f"{first.name} and {other.name} disagree on the {what} of {_listed(ids)}: "
            f"{a[differ].iloc[0]} and {b[differ].iloc[0]} for the first; expected the same truths"
        )


def _listed(ids: Sequence[str]) -> str:
    further = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{len(ids)} image(s): {', '.join(map(str, ids[:_SHOWN]))}{further}"
