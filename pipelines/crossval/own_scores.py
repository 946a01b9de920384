"""Whether a run's tables give the scores that the run told of them when it was scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.evaluation.case_files import CASES_FILE, read_case_files
from pipelines.evaluation.case_scores import case_statistics
from pipelines.evaluation.froc import FrocStatistics
from pipelines.evaluation.lesion_candidates import read_candidates
from pipelines.evaluation.recorded_scores import check_recorded
from pipelines.training.scoring import SCORES

REGIONS = "regions.csv"
"""Regions of a lesion segmentation, in a run's folder and of all runs."""


def check_own_scores(run: Path) -> None:
    """Compares the scores of a run's tables with those of its ``scores.json``, without intervals.

    A score that only one of both has, or defines, is passed over: so versions may differ.

    Args:
        run: folder of a run that was scored.

    Raises:
        InputError: a file cannot be read, or the tables give other scores.
    """
    content = _told(run)
    cases = read_case_files([run / CASES_FILE])
    record, advice = run / SCORES, _mend(run / SCORES)
    statistics = case_statistics(cases.table, cases.task, cases.labels)
    check_recorded(statistics, content, run / CASES_FILE, record, advice)
    if "froc" in content and (run / REGIONS).is_file():
        regions = FrocStatistics(read_candidates(run / REGIONS), cases.table)
        check_recorded(regions, content["froc"], run / REGIONS, record, advice)


def _told(run: Path) -> dict[str, Any]:
    """Reads what a run told of its scores."""
    path = run / SCORES
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["scores"] and all("value" in each for each in content["scores"].values()):
            return content
        cause = "it holds no scores"
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        cause = str(error)
    raise InputError(f"{path} cannot be used ({cause}); {_mend(path)}")


def _mend(path: Path) -> str:
    return f"delete {path} and give the same command again: the run is scored anew"
