from __future__ import annotations

import json
from pathlib import Path

from pipelines.report.case_pictures import PicturedCase
from pipelines.report.content import Pictures, Words, content
from pipelines.report.sources import Sources, read_sources

NONE = Pictures({}, "not drawn", "")


def test_the_head_tells_what_on_what_and_how_many(classes: Sources, folds: Sources) -> None:
    found = content(classes, Words(), NONE)
    assert found["title"] == "Made model"
    assert found["subtitle"] == (
        "breast_us_classification, recipe made. Scored on 6 images in 6 groups: fold 0 of "
        "made & <b>bold</b>."
    )
    assert content(classes, Words(title="Mine"), NONE)["title"] == "Mine"
    assert "cross-validation of 3 folds" in content(folds, Words(), NONE)["subtitle"]


def test_the_same_sources_give_the_same_text(classes: Sources) -> None:
    one, other = (json.dumps(content(classes, Words(), NONE)) for _ in range(2))
    assert one == other


def test_the_gap_is_there_where_a_leaky_run_is_given(made: Path, classes: Sources) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    assert content(classes, Words(), NONE)["leaky_gap"] is None
    gap = content(classes, Words(), NONE, leaky)["leaky_gap"]
    assert gap is not None and gap["leaky"] == "leaky"


def test_pictures_are_told_in_words(classes: Sources) -> None:
    case = PicturedCase("i01", ["Dice 0.5"], [])
    found = content(classes, Words(), Pictures({"Best": [case]}, "", ""))["pictures"]
    assert found["groups"][0]["cases"] == [{"id": "i01", "lines": ["Dice 0.5"], "pictures": []}]
