from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_windowing

from pipelines.datasets.sources.dicom_grey import to_grey, views
from tests.pipelines.datasets.made_dicom import made_header, ramp
from transforms.picture import PictureError


def grey(
    pixels: NDArray[Any], window: int | None = 0, bits: int = 8, **elements: Any
) -> NDArray[Any]:
    return to_grey(pixels, made_header(pixels, **elements), window, bits, 'image "a.dcm"')


def lut(first: int, entries: list[int] | bytes, depth: int, count: int | None = None) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries) if count is None else count, first, depth]
    item.add_new("LUTData", "OW" if isinstance(entries, bytes) else "US", entries)
    item.is_undefined_length_sequence_item = False
    return item


def test_eight_bits_without_a_window_stay_as_they_are() -> None:
    pixels = ramp(dtype="u1", step=3)
    np.testing.assert_array_equal(grey(pixels), pixels)
    assert grey(pixels).dtype == np.uint8
    np.testing.assert_array_equal(grey(pixels, bits=16), pixels)  # nothing deep to keep
    signed = (pixels.astype(int) - 128).astype("i1")
    np.testing.assert_array_equal(grey(signed), pixels)
    np.testing.assert_array_equal(grey(pixels // 4, BitsStored=6)[0, :4], [0, 0, 4, 8])


def test_deep_values_without_a_window_fill_the_range_of_the_frame() -> None:
    pixels = ramp(dtype="u2", step=20) + 100
    shown = grey(pixels, BitsStored=12)
    assert (shown.min(), shown.max(), shown.dtype) == (0, 255, np.uint8)
    assert (np.diff(shown.ravel().astype(int)) >= 0).all()
    deep = grey(pixels, bits=16, BitsStored=12)
    assert (deep.min(), deep.max(), deep.dtype) == (0, 65535, np.uint16)
    np.testing.assert_array_equal(grey(np.full((2, 3), 700, "u2")), np.zeros((2, 3)))


def test_monochrome1_is_inverted_once() -> None:
    pixels = ramp(dtype="u1", step=3)
    for shape in (None, "INVERSE"):
        extra = {"PresentationLUTShape": shape} if shape else {}
        shown = grey(pixels, PhotometricInterpretation="MONOCHROME1", **extra)
        np.testing.assert_array_equal(shown, 255 - pixels)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("kind", ["u2", "i2"])
@pytest.mark.parametrize("rescale", [None, (2.0, -1024.0), (-0.5, 300.0)])
def test_windows_are_those_of_pydicom(
    function: str, kind: str, rescale: tuple[float, float] | None
) -> None:
    pixels = (ramp(40, 60, step=1).astype(int) * 27 % 4096).astype("u2")
    pixels = (pixels.astype(int) - 2048).astype("i2") if kind == "i2" else pixels
    elements: dict[str, Any] = {"BitsStored": 12, "VOILUTFunction": function}
    elements |= {"WindowCenter": [500, 100], "WindowWidth": [900, 1]}
    if rescale:
        elements |= {"RescaleSlope": rescale[0], "RescaleIntercept": rescale[1]}
    header = made_header(pixels, **elements)
    theirs = apply_windowing(apply_modality_lut(pixels, header), header)
    ends = apply_modality_lut(
        np.array([-2048, 2047] if kind == "i2" else [0, 4095]), header
    ).astype(float)
    expected = (theirs - ends[0]) / (ends[1] - ends[0])  # pydicom spreads over what can be stored
    ours = to_grey(pixels, header, 0, 16, "a").astype(float) / 65535
    np.testing.assert_allclose(ours, expected, atol=1 / 65535)


def test_the_window_that_is_asked_for_counts_and_a_missing_one_is_named() -> None:
    pixels = ramp(dtype="u2", step=50)
    two: dict[str, Any] = {"WindowCenter": [100, 1000], "WindowWidth": [1, 201]}
    np.testing.assert_array_equal(grey(pixels, 0, **two), np.where(pixels > 99.5, 255, 0))
    assert np.count_nonzero((grey(pixels, 1, **two) % 255) > 0) == 4
    np.testing.assert_array_equal(grey(pixels, None, **two), grey(pixels))
    np.testing.assert_array_equal(grey(pixels, 5), grey(pixels))  # no window at all
    with pytest.raises(PictureError, match=r"has 2 windows; --window-index 2 \(counted from 0\)"):
        grey(pixels, 2, **two)


@pytest.mark.parametrize("width", [0, 0.5, -3])
def test_windows_that_mean_nothing_are_refused(width: float) -> None:
    with pytest.raises(PictureError, match=r'image "a.dcm" has a window of .*--window-index none'):
        grey(ramp(dtype="u2"), WindowCenter=10, WindowWidth=width)
    with pytest.raises(PictureError, match="of the kind CURVED"):
        grey(ramp(dtype="u2"), WindowCenter=10, WindowWidth=9, VOILUTFunction="CURVED")


def test_look_up_tables_come_before_windows() -> None:
    pixels = ramp(1, 5, dtype="u2")
    table = lut(1, [0, 512, 1023], 10)
    header: dict[str, Any] = {"VOILUTSequence": [table], "WindowCenter": 2, "WindowWidth": 1}
    np.testing.assert_array_equal(grey(pixels, **header), [[0, 0, 128, 255, 255]])
    np.testing.assert_array_equal(grey(pixels, 1, **header), [[0, 0, 255, 255, 255]])
    assert views(made_header(pixels, **header)) == 2
    np.testing.assert_array_equal(  # modality values 10, 10, 20, 30, 30
        grey(
            pixels,
            ModalityLUTSequence=[lut(1, [10, 20, 30], 16)],
            WindowCenter=20,
            WindowWidth=20,
            VOILUTFunction="LINEAR_EXACT",
        ),
        [[0, 0, 128, 255, 255]],
    )


def test_tables_of_eight_bits_reach_beyond_entry_255() -> None:
    pixels = np.array([[0, 255, 256, 400, 999]], dtype="u2")
    entries = bytes(min(255, index // 2) for index in range(512))
    shown = grey(pixels, VOILUTSequence=[lut(0, entries, 8, 512)])
    np.testing.assert_array_equal(shown, [[0, 127, 128, 200, 255]])


def test_a_table_that_is_too_short_is_refused() -> None:
    with pytest.raises(PictureError, match="look-up table of 3 entries of 10 bits; expected 9"):
        grey(ramp(dtype="u2"), VOILUTSequence=[lut(0, [1, 2, 3], 10, 9)])


def test_padding_is_black_and_does_not_stretch_the_range() -> None:
    pixels = np.array([[-2000, -2000, 100, 200, 300]], dtype="i2")
    padded = {"PixelPaddingValue": -2000}
    np.testing.assert_array_equal(grey(pixels, **padded), [[0, 0, 0, 128, 255]])
    inverse = grey(pixels, PhotometricInterpretation="MONOCHROME1", **padded)
    np.testing.assert_array_equal(inverse, [[0, 0, 255, 128, 0]])
    ranged = grey(pixels, PixelPaddingRangeLimit=150, **padded)
    np.testing.assert_array_equal(ranged, [[0, 0, 0, 0, 255]])


def test_values_of_32_bits_need_no_table() -> None:
    pixels = np.array([[0, 2**31, 2**32 - 1]], dtype="u4")
    np.testing.assert_array_equal(grey(pixels), [[0, 128, 255]])
