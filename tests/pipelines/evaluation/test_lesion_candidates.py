"""The table of regions, and which of rival regions gets a lesion."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from pipelines.errors import InputError
from pipelines.evaluation.lesion_candidates import (
    COLUMNS,
    CONFIDENCE,
    ID,
    candidate_table,
    candidates,
    read_candidates,
)
from pipelines.evaluation.segmentation import EIGHT_NEIGHBOURS, matched_lesions


def test_regions_have_area_confidence_and_lesion() -> None:
    probability = np.array([[0.9, 0.7, 0.2, 0.6], [0.1, 0.1, 0.1, 0.5]])
    truth = np.array([[1, 0, 0, 0], [0, 0, 0, 0]], dtype=bool)
    first, second = candidates(probability, truth)
    assert (first.area, first.share, first.lesion) == (2, 0.25, 1)
    assert first.confidence == pytest.approx(0.8)
    assert (second.area, second.lesion) == (1, 0)  # 0.5 is not above the threshold
    assert candidates(probability, truth, 0.95) == []


def test_the_surer_of_two_regions_gets_the_lesion() -> None:
    truth = np.ones((1, 7), dtype=bool)
    probability = np.array([[0.7, 0.7, 0.7, 0, 0.9, 0.9, 0.9]])
    assert [region.lesion for region in candidates(probability, truth)] == [0, 1]
    assert [region.lesion for region in candidates(probability[:, ::-1], truth)] == [1, 0]


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_at_every_confidence_as_many_are_matched_as_can_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probability, truth = rng.random((6, 8)) ** 0.7, rng.random((6, 8)) < 0.45
    found = candidates(probability, truth)
    regions = label(probability > 0.5, connectivity=EIGHT_NEIGHBOURS)
    lesions = label(truth, connectivity=EIGHT_NEIGHBOURS)
    for least in {region.confidence for region in found}:
        kept = [0, *(place + 1 if r.confidence >= least else 0 for place, r in enumerate(found))]
        matched = [r.lesion for r in found if r.confidence >= least and r.lesion]
        assert len(set(matched)) == len(matched)
        assert len(matched) == matched_lesions(np.array(kept)[regions], lesions)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3\) and the truth \(3, 2\)"):
        candidates(np.zeros((2, 3)), np.zeros((3, 2), dtype=bool))


def test_the_table_is_sorted_and_may_be_empty() -> None:
    assert list(candidate_table([]).columns) == list(COLUMNS)
    rows = [{ID: "b", CONFIDENCE: 0.5}, {ID: "a", CONFIDENCE: 0.2}, {ID: "a", CONFIDENCE: 0.8}]
    table = candidate_table(rows)
    assert list(zip(table[ID], table[CONFIDENCE], strict=True)) == [
        ("a", 0.8),
        ("a", 0.2),
        ("b", 0.5),
    ]


def test_a_table_comes_back_from_its_file(tmp_path: Path) -> None:
    image = {"group": "01", "fold": None, "class": "NA", "flags": "", "area": 4}
    row = {"id": "001", **image, "presence": math.nan, "share": 0.1, "confidence": 0.5, "lesion": 1}
    table = candidate_table([row])
    table.to_csv(tmp_path / "regions.csv", index=False)
    back = read_candidates(tmp_path / "regions.csv")
    assert back["id"].tolist() == ["001"] and back["group"].tolist() == ["01"]
    assert back["class"].tolist() == ["NA"] and back["flags"].tolist() == [""]
    assert back["presence"].isna().all() and back["lesion"].tolist() == [1]


def test_a_table_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"regions\.csv is missing; evaluate the run again"):
        read_candidates(tmp_path / "regions.csv")
