from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.evaluation.case_scores import case_statistics
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.evaluation.recorded_scores import check_recorded, check_value
from tests.pipelines.evaluation.made_cases import LABELS, classified

FILES = (Path("cases.csv"), Path("scores.json"), "score it again")


def test_what_was_written_as_json_agrees_and_another_score_does_not() -> None:
    table = classified()
    statistics = case_statistics(table, "classification", LABELS)
    content = json.loads(json.dumps(classification_scores(table, LABELS, resamples=10)))
    check_recorded(statistics, content, *FILES)
    content["by_class"][LABELS[0]]["recall"]["value"] = 0.25
    with pytest.raises(
        InputError, match=r"^cases\.csv gives recall \(.*scores\.json tells 0\.2500"
    ):
        check_recorded(statistics, content, *FILES)


def test_what_one_side_lacks_or_leaves_undefined_passes() -> None:
    for value, entry in ((0.5, None), (0.5, {"value": None}), (float("nan"), {"value": 0.5})):
        check_value("dice", value, entry, *FILES)


@pytest.mark.parametrize(("recorded", "equal"), [(0.5000004, True), (0.501, False), (0.0, False)])
def test_rounding_is_no_difference(recorded: float, equal: bool) -> None:
    if equal:
        check_value("dice", 0.5, {"value": recorded}, *FILES)
        return
    with pytest.raises(InputError, match=r"dice 0\.5000, .*; score it again"):
        check_value("dice", 0.5, {"value": recorded}, *FILES)
