"""Whether the tables that a report draws give the scores that it shows beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation.calibration_statistics import calibration_values
from pipelines.evaluation.case_files import CASES_FILE, Cases, read_case_files
from pipelines.evaluation.case_scores import case_statistics
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.froc import FrocStatistics
from pipelines.evaluation.lesion_candidates import read_candidates
from pipelines.evaluation.recorded_scores import check_recorded, check_value
from pipelines.report.sources import CLASSES, CROSSVAL, REGIONS, SCORES, UNCALIBRATED, Sources

_ADVICE = "evaluate the run again"


def check_agreement(sources: Sources) -> None:
    """Refuses tables that were changed since they were scored, or are of another evaluation.

    What curves, diagrams, subgroups and pictures are made of must be what the scores are of.

    Args:
        sources: what a report is of.

    Raises:
        InputError: a table gives another score than the record beside it; names both.
    """
    _check_cases(sources.cases, sources.scores, sources.folder)
    if sources.kind == CROSSVAL:
        for member in sources.members:
            _check_cases(read_case_files([member.folder]), member.scores, member.folder)
    _check_regions(sources)
    if sources.task == CLASSES:
        _check_uncalibrated(sources)


def _check_cases(cases: Cases, scores: Mapping[str, Any], folder: Path) -> None:
    statistics = case_statistics(cases.table, cases.task, cases.labels)
    check_recorded(statistics, scores, folder / CASES_FILE, folder / SCORES, _ADVICE)


def _check_regions(sources: Sources) -> None:
    froc = sources.scores.get("froc")
    if not froc or sources.table(REGIONS) is None:
        return
    regions = pd.concat([read_candidates(member.folder / REGIONS) for member in sources.members])
    statistics = FrocStatistics(regions, sources.cases.table)
    folder = sources.folder
    check_recorded(statistics, froc, folder / REGIONS, folder / SCORES, _ADVICE)


def _check_uncalibrated(sources: Sources) -> None:
    for member in sources.members:
        path = member.folder / UNCALIBRATED
        before = member.files.get("calibration", {}).get("scored", {}).get("before", {})
        if not path.is_file():
            continue
        cases = read_case_files([member.folder])
        table = _uncalibrated(path, cases)
        for name, value in calibration_values(table, cases.labels).items():
            record = member.folder / "calibration.json"
            check_value(name, value, before.get(name), path, record, _ADVICE)


def _uncalibrated(path: Path, cases: Cases) -> pd.DataFrame:
    """Gives the cases with the probabilities of another table of the same images."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    columns = [PREFIX + label for label in cases.labels]
    missing = [name for name in ("id", *columns) if name not in table]
    if missing or sorted(table["id"]) != sorted(cases.table["id"]):
        what = f"has no column {missing[0]}" if missing else "holds other images than cases.csv"
        raise InputError(f"{path} {what}; evaluate the run again")
    numbers = table.set_index("id")[columns].apply(pd.to_numeric, errors="coerce")
    own = cases.table
    return own.assign(**{name: numbers.loc[own["id"], name].to_numpy() for name in columns})
