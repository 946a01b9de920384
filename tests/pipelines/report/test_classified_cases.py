from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipelines.report.classified_cases import chosen_answers, classified_cases
from pipelines.report.sources import Sources, read_sources


def test_the_surest_and_the_median_answers_are_chosen_once() -> None:
    shares = [0.99, 0.9, 0.8, 0.7, 0.6, 0.45, 0.2, 0.1]
    cases = pd.DataFrame(
        {
            "id": [f"i{k}" for k in range(8)],
            "class": "a",
            "predicted": ["a" if share > 0.5 else "b" for share in shares],
            "p_a": shares,
            "p_b": [1 - share for share in shares],
        }
    )
    assert chosen_answers(cases, 2) == {
        "Surest right answers": ["i0", "i1"],
        "Median answers": ["i4", "i3"],
        "Surest mistakes": ["i7", "i6"],
    }
    assert list(chosen_answers(cases.iloc[:2], 2)) == ["Surest right answers"]


@pytest.mark.filterwarnings("error:NvImgCodec")
def test_each_answer_stands_beside_what_spoke_for_it(folds: Sources) -> None:
    found, why = classified_cases(folds, 2, heat=True)
    cases = [case for each in found.values() for case in each]
    assert why == "" and len(cases) >= 4 and all(len(case.views) == 2 for case in cases)
    assert cases[0].lines[1].startswith("answered ")
    assert "where the image spoke for" in cases[0].views[1].alt


def test_a_network_that_cannot_be_built_is_told_and_the_images_are_shown(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    (run / "model.pt").unlink()
    found, why = classified_cases(read_sources(run, "run"), 2, heat=True)
    assert "The network could not be asked for them" in why and "no heat maps" in caplog.text
    assert all(len(case.views) == 1 for cases in found.values() for case in cases)
    assert classified_cases(read_sources(run, "run"), 2, heat=False)[1] == (
        "They were left out as asked."
    )
