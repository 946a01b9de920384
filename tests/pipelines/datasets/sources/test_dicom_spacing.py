from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from pipelines.datasets.sources.dicom_spacing import spacing


def header(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def region(y: float, x: float, kind: int = 1, units: int = 3) -> Dataset:
    return header(
        RegionSpatialFormat=kind,
        PhysicalUnitsXDirection=units,
        PhysicalUnitsYDirection=units,
        PhysicalDeltaX=x,
        PhysicalDeltaY=y,
    )


def test_rows_come_first() -> None:
    assert spacing(header(PixelSpacing=[0.2, 0.1], ImagerPixelSpacing=[0.4, 0.3])) == (0.2, 0.1)
    assert spacing(header(NominalScannedPixelSpacing=["0.2", "0.1"])) == (0.2, 0.1)
    assert spacing(header()) is None


def test_the_detector_is_brought_to_the_patient_where_the_magnification_is_known() -> None:
    imager = {"ImagerPixelSpacing": [0.14, 0.07]}
    assert spacing(header(**imager)) == (0.14, 0.07)
    magnified = spacing(header(EstimatedRadiographicMagnificationFactor=1.4, **imager))
    assert magnified == pytest.approx((0.1, 0.05))
    for nonsense in (0, 0.2, -1):
        shown = spacing(header(EstimatedRadiographicMagnificationFactor=nonsense, **imager))
        assert shown == (0.14, 0.07)


@pytest.mark.parametrize("value", [[0, 0], [0.1], [0.1, -0.1], [0.1, 1e9], [0.1, 0.1, 0.1], []])
def test_what_cannot_be_is_passed_over(value: list[float]) -> None:
    assert spacing(header(PixelSpacing=value)) is None
    assert spacing(header(PixelSpacing=value, ImagerPixelSpacing=[0.3, 0.2])) == (0.3, 0.2)


def test_ultrasound_regions_count_where_they_agree() -> None:
    one = spacing(header(SequenceOfUltrasoundRegions=[region(0.02, 0.01)]))
    assert one == pytest.approx((0.2, 0.1))
    turned = spacing(header(SequenceOfUltrasoundRegions=[region(-0.02, 0.01)]))
    assert turned == pytest.approx((0.2, 0.1))
    alike = [region(0.02, 0.01), region(0.020001, 0.01), region(0.5, 0.4, kind=2)]
    assert spacing(header(SequenceOfUltrasoundRegions=alike)) == pytest.approx((0.2, 0.1))
    for regions in (
        [region(0.02, 0.01), region(0.03, 0.01)],
        [region(0.02, 0.01), region(0.02, 0.01, units=4)],
        [region(0.02, 0.01, kind=3)],
        [header(RegionSpatialFormat=1)],
        [],
    ):
        assert spacing(header(SequenceOfUltrasoundRegions=regions)) is None
