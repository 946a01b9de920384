"""The rows of a fold and of all folds together, from runs that are made up: nothing is trained."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from pipelines.crossval.pooled import pooled_scores
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, read_cases, write_cases
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.scores import segmentation_scores


@pytest.fixture(scope="module")
def program() -> Any:
    """The program; it finds its neighbours as it does when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("out_of_fold")


def made_run(folder: Path, count: int = 6) -> Path:
    """Writes the cases of a run: every image has a lesion, every second one burnt-in text."""
    folder.mkdir()
    shares = dict.fromkeys(("dice", "iou", "precision", "recall"))
    rows = [
        {
            **dict.fromkeys(SEGMENTATION_COLUMNS, 0),
            **dict.fromkeys(shares, 0.1 * (number + 1)),
            **{"lesions": 1, "predicted_lesions": 1, "found_lesions": 1, "false_positive": None},
            **{"id": f"{folder.name}{number}", "group": f"{folder.name}{number}", "class": "x"},
            "flags": "text" if number % 2 else "",
        }
        for number in range(count)
    ]
    write_cases(folder / "cases.csv", rows)
    return folder


def test_all_folds_together_have_the_rows_of_one(program: Any, tmp_path: Path) -> None:
    one, other = (made_run(tmp_path / name) for name in "ab")
    alone = segmentation_scores(read_cases(one / "cases.csv"), resamples=100)
    few = IntervalOptions(resamples=100)
    same = program._rows(pooled_scores([one], few), "segmentation")
    assert same == program._rows(alone, "segmentation")
    assert "dice with burnt-in marks" in [row["score"] for row in same]
    pooled = program._rows(pooled_scores([one, other], few), "segmentation")
    assert [row["score"] for row in pooled] == [row["score"] for row in same]
    assert pooled[0]["n"] == 12
