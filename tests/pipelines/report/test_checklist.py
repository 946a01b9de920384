from __future__ import annotations

from dataclasses import replace

from pipelines.report.checklist import (
    ANSWERED,
    OPEN,
    PARTLY,
    Guideline,
    Item,
    answered,
    facts,
)
from pipelines.report.claim import CLAIM
from pipelines.report.content import Pictures, Words, content
from pipelines.report.sources import Sources
from pipelines.report.tripod import TRIPOD

_MADE = Guideline(
    "Made",
    "Nobody 2026",
    (
        Item("1", "A", ANSWERED, "data"),
        Item("2", "B", PARTLY, "scores", "More.", ("versions",)),
        Item("3", "C", OPEN, "", "All of it."),
    ),
)


def test_an_item_without_its_facts_stays_open() -> None:
    found = answered(_MADE, frozenset())
    assert [item["answer"] for item in found["items"]] == [ANSWERED, OPEN, OPEN]
    assert found["counts"] == {ANSWERED: 1, PARTLY: 0, OPEN: 2}
    assert found["items"][1]["place"] == "" and found["items"][0]["add"] == ""


def test_with_its_facts_it_is_answered_as_far_as_a_report_can() -> None:
    found = answered(_MADE, frozenset({"versions"}))
    assert found["items"][1] == {
        **{"number": "2", "topic": "B", "answer": PARTLY},
        **{"place": "scores", "add": "More."},
    }


def test_the_facts_are_what_the_report_holds(classes: Sources, folds: Sources) -> None:
    held = facts(content(classes, Words(), Pictures({}, "", "")))
    assert {"data", "versions", "subgroups", "calibration"} <= held
    assert not held & {"use", "pictures", "heat_maps", "external", "folds", "ensemble"}
    told = facts(content(folds, Words(intended_use="For tests."), Pictures({}, "", "")))
    assert {"use", "folds"} <= told


def test_every_fact_is_asked_for_and_the_empty_section_of_data_answers_nothing(
    classes: Sources,
) -> None:
    items = [*CLAIM.items, *TRIPOD.items]
    asked = {need for item in items for need in item.needs}
    held = facts(content(classes, Words(), Pictures({}, "", "")))
    assert held <= asked
    of_data = [item for item in items if item.place == "data"]
    assert [item.number for item in of_data if "data" not in item.needs] == []
    absent = replace(classes, dataset=None, absence="It is not at hand.")
    for each in content(absent, Words(), Pictures({}, "", ""))["checklists"]:
        assert [item for item in each["items"] if item["place"] == "data"] == []
