from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.report.honesty import HONEST, LEAKY, RESERVED, honesty
from pipelines.report.sources import Sources, read_sources


def test_groups_that_are_no_patients_leave_a_reservation(classes: Sources) -> None:
    found = honesty(classes)
    assert found["level"] == RESERVED and "near-duplicate clusters" in found["text"]
    assert found["protocol"].startswith("Fold 0 was scored once")


def test_patients_leave_none(classes: Sources) -> None:
    known = replace(classes, scores={**classes.scores, "grouping": "patient ids"})
    assert honesty(known)["level"] == HONEST
    partly = replace(
        classes, scores={**classes.scores, "grouping": "patient ids for 3; leakage possible"}
    )
    assert honesty(partly)["level"] == RESERVED


def test_a_leaky_split_is_called_so(made: Path) -> None:
    found = honesty(read_sources(made / "leaky", "leaky"))
    assert found["level"] == LEAKY and "too good" in found["title"]


def test_a_cross_validation_scores_every_image_unseen(folds: Sources) -> None:
    assert "Each of 3 models scored one fold" in honesty(folds)["protocol"]


def test_an_audit_that_fails_is_a_reservation(classes: Sources) -> None:
    scores = {**classes.scores, "grouping": "patient ids"}
    found = honesty(replace(classes, scores=scores, audit={"passes": False}))
    assert found["level"] == RESERVED and "The audit of the data found errors" in found["text"]
    assert "cannot be excluded" not in found["text"]
