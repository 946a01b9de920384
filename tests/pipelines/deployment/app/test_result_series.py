from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.deployment.app.intended_use import intended_use
from pipelines.deployment.app.result_series import ResultSeries, copying
from transforms.picture import PictureError


@pytest.fixture
def series(tmp_path: Path) -> ResultSeries:
    metadata = {"name": "A name " * 12, "version": "1.0.0", "intended_use": "Research."}
    use = intended_use({**metadata, "dicom": {"modalities": ["US"]}}, "metadata.json")
    return ResultSeries("capture", 9001, tmp_path, use)


def test_results_of_a_study_share_a_series(series: ResultSeries) -> None:
    first, second, other = (series.place(study) for study in ("1.2", "1.2", "1.3"))
    assert first["series_instance_uid"] == second["series_instance_uid"]
    assert first["series_instance_uid"] != other["series_instance_uid"]
    assert [each["instance_number"] for each in (first, second, other)] == [1, 2, 3]
    assert len({each["sop_instance_uid"] for each in (first, second, other)}) == 3


def test_words_fit_into_dicom(series: ResultSeries) -> None:
    assert max(map(len, (series.description, *series.maker.values()))) <= 64
    assert series.description.startswith("capture, research use only: A name")


def test_what_cannot_be_copied_names_the_file() -> None:
    words = r"file a has a header that DICOM does not allow in a result \(ValueError\)"
    with pytest.raises(PictureError, match=words), copying("file a"):
        raise ValueError("odd")
