from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.crossval.own_scores import check_own_scores
from pipelines.errors import InputError
from pipelines.evaluation.froc import froc_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.lesion_candidates import read_candidates
from pipelines.evaluation.scores import segmentation_scores
from tests.pipelines.crossval.made_training import answers, leave_scored


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return leave_scored(tmp_path / "run", answers(0, 0))


def edit(run: Path, change: Any) -> None:
    content = json.loads((run / "scores.json").read_text())
    change(content)
    (run / "scores.json").write_text(json.dumps(content))


def test_what_a_run_wrote_is_taken(run: Path) -> None:
    check_own_scores(run)


def test_other_answers_are_refused(run: Path) -> None:
    table = pd.read_csv(run / "cases.csv")
    table[["p_benign", "p_malignant"]] = table[["p_malignant", "p_benign"]].to_numpy()
    table.to_csv(run / "cases.csv", index=False)
    with pytest.raises(InputError, match=r"gives .*, but .* tells .*delete .*run is scored anew"):
        check_own_scores(run)


def test_another_score_of_a_class_is_named(run: Path) -> None:
    edit(run, lambda content: content["by_class"]["malignant"]["recall"].update(value=0.123))
    with pytest.raises(InputError, match=r"recall \(malignant\) .*tells 0\.1230"):
        check_own_scores(run)


def test_further_and_undefined_scores_are_passed_over(run: Path) -> None:
    edit(run, lambda content: content["scores"].update(of_tomorrow={"value": 0.1}))
    edit(run, lambda content: content["scores"]["auroc"].update(value=None))
    edit(run, lambda content: content["scores"].pop("accuracy"))
    check_own_scores(run)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"scores": {}}', '{"scores": {"dice": 1}}'])
def test_a_file_without_scores_is_refused(run: Path, text: str) -> None:
    (run / "scores.json").write_text(text)
    with pytest.raises(InputError, match=r"scores\.json cannot be used .*scored anew"):
        check_own_scores(run)


def test_regions_belong_to_their_curve(tmp_path: Path) -> None:
    header = "id,group,class,dice,iou,precision,recall,lesions,tp,fp,fn,tn\n"
    (tmp_path / "cases.csv").write_text(f"{header}a,a,x,0.8,0.6667,0.8,0.8,1,8,2,2,9\n")
    header = "id,group,fold,class,flags,presence,area,share,confidence,lesion\n"
    (tmp_path / "regions.csv").write_text(f"{header}a,a,0,x,,,9,0.1,0.9,1\n")
    cases = pd.read_csv(tmp_path / "cases.csv").assign(flags="", false_positive=None)
    cases = cases.assign(lesion_area=10, predicted_area=10, predicted_lesions=1, found_lesions=1)
    few = IntervalOptions(resamples=10)
    froc = froc_scores(read_candidates(tmp_path / "regions.csv"), cases, few)
    content = {**segmentation_scores(cases, resamples=10), "froc": froc}
    (tmp_path / "scores.json").write_text(json.dumps(content))
    check_own_scores(tmp_path)
    (tmp_path / "regions.csv").write_text(f"{header}a,a,0,x,,,9,0.1,0.9,0\n")
    with pytest.raises(InputError, match=r"regions\.csv gives sensitivity_at_0\.125 0\.0000"):
        check_own_scores(tmp_path)
