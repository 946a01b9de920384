from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.datasets.made_images import LICENCE
from pipelines.report.content import Pictures, Words, content
from pipelines.report.limits import intended_use
from pipelines.report.sources import Sources


def titles(sources: Sources) -> list[str]:
    found: dict[str, Any] = content(sources, Words(), Pictures({}, "", ""))
    return [limit["title"] for limit in found["limits"]]


def test_what_was_not_done_is_a_limit(classes: Sources) -> None:
    found = titles(classes)
    assert {"Patients are not known", "One source of data", "One fold of the data"} <= set(found)
    assert "No subgroups of patients" not in found  # the data name the device
    without = replace(classes, dataset=None, absence="gone")
    assert "No subgroups of patients" in titles(without)
    assert "Few images of a class" in found and "Probabilities are not calibrated" not in found


def test_what_was_done_is_none(folds: Sources) -> None:
    others = {"sites/north": folds.scores}
    known = {**folds.scores, "grouping": "patient ids"}
    found = titles(replace(folds, others=others, scores=known))
    assert not {"Patients are not known", "One source of data", "One fold of the data"} & set(found)


def test_a_cross_validation_of_some_folds_says_so(folds: Sources) -> None:
    partial = replace(folds, crossval={**folds.crossval, "whole": False})
    assert "Not all folds of the data" in titles(partial)


def test_made_images_say_nothing_of_patients(classes: Sources) -> None:
    assert classes.dataset is not None
    made = replace(classes, dataset=replace(classes.dataset, licence=LICENCE))
    assert titles(made)[0] == "Made images" != titles(classes)[0]


def test_the_intended_use_is_the_authors_or_the_bundles(classes: Sources) -> None:
    assert intended_use(classes, "To learn.") | {"not_for": ""} == {
        **{"text": "To learn.", "by": "author", "not_for": ""}
    }
    assert intended_use(classes, None)["text"] == "Tests alone."
    assert "Not a medical device" in intended_use(classes, "Diagnosis")["not_for"]
