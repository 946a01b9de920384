from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.audit.left_out import left_out, left_out_finding
from pipelines.datasets.dataset import Dataset
from tests.pipelines.datasets.audit.made_cases import made_dataset


@pytest.fixture
def made(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "made", 3)


def of(made: Dataset, entries: Any) -> Dataset:
    return replace(made, source={"left_out": entries})


def test_what_was_left_out_is_counted_by_its_kind(made: Dataset) -> None:
    entries = [
        {"source": "b.png", "reason": "near-duplicate of m.png"},
        {"source": "m.png", "reason": "near-duplicate of b.png"},
        {"source": "c.png", "reason": "of one group with d.png of the test part"},
        {"source": "e.png", "reason": 'image "e.png" is truncated'},
    ]
    (finding,) = left_out_finding(of(made, entries))
    assert finding.severity == "note" and finding.details["left_out"] == entries
    assert finding.title == "4 images were left out by the conversion"
    assert "near-duplicate of an image of another class: 2" in finding.meaning
    assert "could not be converted: 1" in finding.meaning


@pytest.mark.parametrize("entries", [None, [], {}, "all", [3], [{"source": "a"}]])
def test_data_that_do_not_say_have_nothing_left_out(made: Dataset, entries: object) -> None:
    assert left_out(of(made, entries)) == [] and left_out_finding(of(made, entries)) == []
