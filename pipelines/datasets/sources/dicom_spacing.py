"""How many millimetres a pixel of a DICOM image is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

Spacing = tuple[float, float]

_LEAST, _MOST = 1e-4, 100.0  # millimetres per pixel that a 2-D image can have
_ALIKE = 1e-3  # relative difference below which ultrasound regions agree
_PLANE = 1  # RegionSpatialFormat of a 2-D image, not of an M-mode or a spectrum
_CENTIMETRES = 3  # PhysicalUnits


def spacing(elements: Dataset) -> Spacing | None:
    """Gives the distances of the pixels' centres.

    The first of these that has two positive numbers counts:

    1. PixelSpacing: calibrated, or equal to ImagerPixelSpacing.
    2. ImagerPixelSpacing, at the detector, divided by EstimatedRadiographicMagnificationFactor
       where that is stated: then it is that of the patient's plane (DICOM PS3.3 C.8.7.10). Without
       the factor it stays that of the detector, which is larger than the patient's.
    3. NominalScannedPixelSpacing of a scanned film.
    4. SequenceOfUltrasoundRegions: of the regions that are 2-D images in centimetres, where there
       is one or all agree to a thousandth. An M-mode or a spectrum beside them does not count.

    Args:
        elements: the header (of one frame).

    Returns:
        Millimetres (from row to row, from column to column), or nothing where the header says
        nothing that can be (a zero, a single number, regions of different scales).
    """
    return (
        _pair(elements.get("PixelSpacing"))
        or _at_patient(elements)
        or _pair(elements.get("NominalScannedPixelSpacing"))
        or _of_regions(elements.get("SequenceOfUltrasoundRegions") or ())
    )


def _pair(value: Any) -> Spacing | None:
    """Makes two plausible millimetres of a value, or nothing."""
    try:
        row, column = (float(each) for each in value)
    except (TypeError, ValueError):
        return None
    return (row, column) if _LEAST <= row <= _MOST and _LEAST <= column <= _MOST else None


def _at_patient(elements: Dataset) -> Spacing | None:
    """Gives the detector's spacing, divided by the magnification where that is known."""
    detector = _pair(elements.get("ImagerPixelSpacing"))
    if detector is None:
        return None
    try:
        factor = float(elements.get("EstimatedRadiographicMagnificationFactor") or 1)
    except (TypeError, ValueError):
        factor = 1.0
    if not (math.isfinite(factor) and factor >= 1):  # a shadow is never smaller than its object
        factor = 1.0
    return _pair((detector[0] / factor, detector[1] / factor))


def _of_regions(regions: Sequence[Dataset]) -> Spacing | None:
    """Gives the spacing that all 2-D regions have."""
    found = [_of_region(region) for region in regions if _is_plane(region)]
    if not found or found[0] is None:
        return None
    first = found[0]
    return first if all(each is not None and _alike(first, each) for each in found) else None


def _is_plane(region: Dataset) -> bool:
    return region.get("RegionSpatialFormat") == _PLANE


def _of_region(region: Dataset) -> Spacing | None:
    """Gives the millimetres of a region; nothing where it is not in centimetres."""
    units = region.get("PhysicalUnitsYDirection"), region.get("PhysicalUnitsXDirection")
    if units != (_CENTIMETRES, _CENTIMETRES):
        return None
    deltas = region.get("PhysicalDeltaY"), region.get("PhysicalDeltaX")
    if not all(isinstance(delta, int | float) for delta in deltas):
        return None
    return _pair([abs(delta) * 10 for delta in deltas])  # negative: it counts upwards


def _alike(first: Spacing, second: Spacing) -> bool:
    return all(
        math.isclose(one, other, rel_tol=_ALIKE) for one, other in zip(first, second, strict=True)
    )
