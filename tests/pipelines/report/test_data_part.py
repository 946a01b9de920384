from __future__ import annotations

from dataclasses import replace

from pipelines.report.data_part import data_part
from pipelines.report.sources import Sources


def test_the_parts_of_a_run_are_those_that_trained_chose_and_were_scored(classes: Sources) -> None:
    part = data_part(classes)
    assert part["columns"] == ["training", "validation", "scored"]
    assert part["part_images"] == {"training": 6, "validation": 6, "scored": 6}
    assert part["classes"]["cyst"] == {"training": 3, "validation": 3, "scored": 3}
    assert part["left_out"]["kinds"] == {"near-duplicate of an image of another class": 1}
    assert part["sizes"] == {"width": [80, 80, 80], "height": [60, 60, 60]}
    assert part["flags"] == {"text": 5} and part["modality"] == "ultrasound"
    assert part["scored"] == {"images": 6, "groups": 6} and part["audit"] is None


def test_a_cross_validation_tells_each_fold(folds: Sources) -> None:
    assert data_part(folds)["columns"] == ["fold 0", "fold 1", "fold 2"]


def test_without_the_data_the_scored_images_are_left(classes: Sources) -> None:
    part = data_part(replace(classes, dataset=None, absence="gone"))
    assert part["absence"] == "gone" and "classes" not in part
    assert part["scored_classes"]["cyst"] == {"images": 3, "groups": 3}


def test_the_audit_gives_its_findings_and_its_notes(classes: Sources) -> None:
    findings = [
        {"severity": "error", "title": "A leak", "advice": "Mend it.", "images": ["a"]},
        {"severity": "note", "title": "Small", "advice": ""},
    ]
    audit = {"verdict": "fails: 1 error", "findings": findings}
    told = data_part(replace(classes, audit=audit))["audit"]
    assert told["findings"] == [{"severity": "error", "title": "A leak", "advice": "Mend it."}]
    assert told["notes"] == ["Small"] and told["verdict"] == "fails: 1 error"
