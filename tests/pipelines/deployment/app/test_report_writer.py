from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from highdicom.sr import srread

from pipelines.deployment.app import report_writer
from pipelines.deployment.made_study import IMAGES, write_study
from tests.pipelines.deployment.app.conftest import Answered, answer_study


def test_a_report_tells_the_class_and_the_probabilities_of_the_summary(
    answered: Callable[[str], Answered],
) -> None:
    done = answered("breast_us_classification")
    (name,) = (each for each in done.summary["files"] if each.startswith("report"))
    groups = srread(done.folder / name).content.get_image_measurement_groups()
    told = [each for image in done.summary["images"] for each in image["answers"]]
    assert len(groups) == len(told) == 12
    for group, answer in zip(groups, told, strict=True):
        (site,) = group.finding_sites
        assert site.value.meaning == "Breast"
        values = {each.name.meaning: each.value for each in group.get_measurements()}
        assert values == {
            f"Probability of {label}": value for label, value in answer["probabilities"].items()
        }
        found, *_ = group.get_qualitative_evaluations()
        assert found.value.meaning.lower() == answer["class"]
        assert found.value.scheme_designator == "SCT"


@pytest.mark.parametrize("bundle", ["breast_us_classification", "breast_us_segmentation"])
def test_an_image_without_a_body_part_is_marked_in_the_report(
    answered: Callable[[str], Answered], bundle: str
) -> None:
    done = answered(bundle)
    (name,) = (each for each in done.summary["files"] if each.startswith("report"))
    groups = srread(done.folder / name).content.get_image_measurement_groups()
    notes = {
        group.tracking_identifier: each.value.meaning
        for group in groups
        for each in group.get_qualitative_evaluations()
        if each.name.meaning == "Note on image"
    }
    assert notes == {"instance 7, frame 1": "body part not stated"}


def test_regions_are_measured_in_mm_where_the_spacing_is_known(
    answered: Callable[[str], Answered],
) -> None:
    done = answered("breast_us_segmentation")
    (name,) = (each for each in done.summary["files"] if each.startswith("report"))
    groups = srread(done.folder / name).content.get_planar_roi_measurement_groups()
    units = {}
    for group in groups:
        (region,) = [group.roi]
        assert region.value.shape[1] == 2
        place = group.tracking_identifier.split(",")[0]
        units[place] = [each.unit.value for each in group.get_measurements()]
    spaced = [done.image("us_grey.dcm")["spacing_mm"], done.image("us_palette.dcm")["spacing_mm"]]
    assert spaced == [[pytest.approx(0.2)] * 2, None]
    assert units["instance 1"] == ["mm2", "mm", "mm"]
    assert units["instance 4"] == ["{pixels}"] * 3
    told = [r for image in done.summary["images"] for a in image["answers"] for r in a["regions"]]
    areas = [group.get_measurements()[0].value for group in groups]
    assert areas == [each["area"]["value"] for each in told]


def test_the_report_names_the_model_and_its_intended_use(
    answered: Callable[[str], Answered],
) -> None:
    done = answered("breast_us_classification")
    (name,) = (each for each in done.summary["files"] if each.startswith("report"))
    report = srread(done.folder / name)
    assert report.VerificationFlag == "UNVERIFIED"
    texts = {str(each.value) for each in report.iterall() if each.keyword == "TextValue"}
    assert "Breast ultrasound classification" in texts
    assert "Intended use: Research. Not a medical device; not for diagnosis." in texts


def test_a_long_study_is_told_in_several_reports(
    package: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_writer, "MOST_GROUPS", 4)
    write_study(tmp_path / "in", IMAGES[5:6])
    answer_study(tmp_path / "in", tmp_path / "out", package("breast_us_classification"))
    reports = [srread(path) for path in sorted((tmp_path / "out").glob("report_*.dcm"))]
    assert [len(each.content.get_image_measurement_groups()) for each in reports] == [4, 2]
    assert len({each.SeriesInstanceUID for each in reports}) == 1
