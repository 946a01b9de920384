from __future__ import annotations

from pydicom.dataset import Dataset

from pipelines.datasets.sources.dicom_functional_groups import of_frame


def measures(row: float) -> Dataset:
    group, item = Dataset(), Dataset()
    item.PixelSpacing = [row, 1]
    group.PixelMeasuresSequence = [item]
    return group


def test_a_frame_of_its_own_counts_before_what_is_shared() -> None:
    header = Dataset()
    header.Rows = 4
    header.SharedFunctionalGroupsSequence = [measures(1)]
    header.PerFrameFunctionalGroupsSequence = [measures(2), Dataset()]
    assert of_frame(header, 0).PixelSpacing == [2, 1]
    assert of_frame(header, 1).PixelSpacing == [1, 1]
    assert of_frame(header, 7).PixelSpacing == [1, 1]
    assert of_frame(header, 0).Rows == 4
    assert "PixelSpacing" not in header


def test_other_headers_stay_as_they_are() -> None:
    header = Dataset()
    assert of_frame(header, 0) is header
