from __future__ import annotations

import json
from pathlib import Path

from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.report import Report, by_severity, verdict
from tests.pipelines.datasets.audit.made_cases import made_dataset


def made_report(folder: Path, *severities: str) -> Report:
    findings = [Finding(f"check-{n}", each, "Title") for n, each in enumerate(severities)]
    return Report(
        dataset=made_dataset(folder / "made", 4, testing=2),
        findings=by_severity(findings),
        classes={"a": {"fold 0": 6, "images": 6, "groups": 6}},
        mask_classes={},
        lesions=["a"],
        pairs=[],
        pairs_found=0,
        clusters=[],
        resolution={},
        intensity={"training": {"images": 4, "mean": [0.5], "std": [0.1]}, "folds": []},
        flags={"images/a_0001.png": ("text",)},
        flag_counts={"a": {"images": 6, "text": 1}},
        left_out=[],
    )


def test_an_error_fails_the_audit_and_a_warning_does_not(tmp_path: Path) -> None:
    failing = made_report(tmp_path / "one", "note", "warning", "error", "warning")
    assert not failing.passes and failing.verdict == "fails: 1 error, 2 warnings"
    assert failing.counts == {"error": 1, "warning": 2, "note": 1}
    passing = made_report(tmp_path / "two", "note", "warning")
    assert passing.passes and passing.verdict == "passes: 1 warning"
    assert verdict({"error": 0, "warning": 0, "note": 3}) == "passes"


def test_the_gravest_findings_come_first_and_else_the_order_stays() -> None:
    severities = ("note", "warning", "error", "warning")
    found = by_severity([Finding(str(n), each, "T") for n, each in enumerate(severities)])
    assert [finding.check for finding in found] == ["2", "1", "3", "0"]


def test_the_content_is_json_without_time_and_place(tmp_path: Path) -> None:
    content = made_report(tmp_path, "warning").content()
    text = json.dumps(content)
    assert json.loads(text)["flags"]["images"] == {"images/a_0001.png": ["text"]}
    assert (content["images"], content["testing"], content["groups"]) == (6, 2, 6)
    assert content["folds"] == 3 and content["findings"][0]["check"] == "check-0"
    assert str(tmp_path) not in text
