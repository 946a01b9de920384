from __future__ import annotations

from collections.abc import Callable

from tests.pipelines.deployment.app.conftest import Answered


def test_every_file_of_the_folder_is_told_of(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_segmentation")
    told = [each["file"] for each in (*done.summary["images"], *done.summary["left_out"])]
    assert sorted(told) == sorted(path.name for path in done.study.iterdir())
    written = {path.name for path in done.folder.iterdir()} - {"summary.json"}
    assert set(done.summary["files"]) == written


def test_the_summary_says_which_model_it_was_and_what_it_is_for(
    answered: Callable[[str], Answered],
) -> None:
    summary = answered("breast_us_segmentation").summary
    assert summary["model"] == {
        "name": "Breast ultrasound tumour segmentation",
        "version": "0.1.0",
        "task": "segmentation",
    }
    assert summary["research_use_only"] and "Not a medical device" in summary["intended_use"]
    assert "no frame of that class" in summary["segmentation_policy"]
    assert answered("breast_us_classification").summary["segmentation_policy"] is None


def test_an_image_without_a_body_part_is_marked(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_classification")
    marked = {each["file"] for each in done.summary["images"] if each["marks"]}
    assert marked == {"us_no_body_part.dcm"}


def test_the_line_counts_what_was_left_out(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_classification")
    assert done.line.startswith(
        "12 frames of 7 images answered; 3 files damaged; 1 file no image; 1 file not DICOM; "
        "6 files refused; see "
    )
