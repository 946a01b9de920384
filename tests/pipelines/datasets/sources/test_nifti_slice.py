from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.datasets.encoding import encode
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.sources.nifti_slice import NiftiMask, NiftiSlice
from pipelines.datasets.sources.source import files_of
from pipelines.errors import InputError
from tests.pipelines.datasets.made_nifti import LPS, TRANSFORMS, block, write_nifti
from transforms.picture import PictureError
from transforms.upright_reader import UprightReader

TWO = LabelRule(("background", "lesion"))


@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 1)])
@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_flat_image_is_what_the_upright_reader_reads(
    tmp_path: Path, shape: tuple[int, ...], name: str, dtype: str
) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", block(shape, dtype), TRANSFORMS[name])
    shown = NiftiSlice(path).read("a").pixels
    theirs, _ = UprightReader().get_data(path)
    assert shown.dtype == dtype
    np.testing.assert_array_equal(shown, theirs)
    np.testing.assert_array_equal(
        NiftiMask(path, None, 0, LabelRule(tuple(map(str, range(60))))).read("a"), theirs
    )


@pytest.mark.parametrize("spacing", [(0.3, 0.2), None])
def test_what_a_conversion_wrote_comes_back(tmp_path: Path, spacing: Any) -> None:
    pixels = block((6, 9))
    (tmp_path / "a.nii.gz").write_bytes(encode(pixels, "nifti", spacing))
    for axis in (None, 2):
        shown = NiftiSlice(tmp_path / "a.nii.gz", axis).read("a")
        np.testing.assert_array_equal(shown.pixels, pixels)
        assert shown.spacing == (pytest.approx(spacing) if spacing else None)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("u1", "u1"), ("u2", "u2"), ("i2", "u2"), ("i4", "u2"), ("i1", "u1")]
)
def test_whole_numbers_stay(tmp_path: Path, dtype: str, expected: str) -> None:
    array = block((4, 6, 5), dtype)
    path = write_nifti(tmp_path / "a.nii", array)
    shown = NiftiSlice(path, 2, 3).read("a").pixels
    assert shown.dtype == expected
    np.testing.assert_array_equal(shown, array[:, :, 3].T)


def test_fractions_and_negative_numbers_are_windowed_by_the_whole_volume(tmp_path: Path) -> None:
    array = np.linspace(-1000, 1000, 4000).reshape(10, 20, 20)
    low, high = np.percentile(array, (0.5, 99.5))
    expected = np.rint(np.clip((array[:, :, 7].T - low) / (high - low), 0, 1) * 255)
    path = write_nifti(tmp_path / "a.nii.gz", array.astype("f4"))
    np.testing.assert_allclose(NiftiSlice(path, 2, 7).read("a").pixels, expected, atol=1)
    path = write_nifti(tmp_path / "b.nii", np.rint(array).astype("i2"))
    np.testing.assert_allclose(NiftiSlice(path, 2, 7).read("a").pixels, expected, atol=1)
    flat = write_nifti(tmp_path / "c.nii", np.full((4, 5), -3.0, "f4"))
    assert not NiftiSlice(flat).read("a").pixels.any()


def test_a_window_is_of_scaled_values(tmp_path: Path) -> None:
    array = block((4, 6), "i2")
    path = write_nifti(tmp_path / "a.nii", array, scale=(2.0, -10.0))
    shown = NiftiSlice(path, window=(-10, 36)).read("a").pixels
    np.testing.assert_array_equal(shown, np.rint(array.T / 23 * 255))
    plain = NiftiSlice(write_nifti(tmp_path / "b.nii", array), window=(0, 23)).read("a").pixels
    np.testing.assert_array_equal(plain, shown)
    turned = write_nifti(tmp_path / "c.nii", array, scale=(-2.0, 0.0))
    assert NiftiSlice(turned).read("a").pixels[0, 0] == 255


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    array = np.zeros((4, 6, 5), "f4")
    array[1, 2, 3] = value
    path = write_nifti(tmp_path / "a.nii", array)
    with pytest.raises(PictureError, match=r"^a holds values that are no numbers \(NaN"):
        NiftiSlice(path, 2, 0).read("a")


def test_masks_hold_class_indices(tmp_path: Path) -> None:
    array = np.zeros((4, 6, 5), "f4")
    array[1, 2, 3] = 255
    path = write_nifti(tmp_path / "a.nii.gz", array)
    mask = NiftiMask(path, 2, 3, TWO).read("a")
    assert (mask.dtype, mask.shape, mask.sum(), mask[2, 1]) == (np.uint8, (6, 4), 1, 1)
    array[1, 2, 3] = 7
    with pytest.raises(InputError, match=r"^a holds .*expected 0 and either 1 or 255"):
        NiftiMask(write_nifti(tmp_path / "b.nii", array), 2, 3, TWO).read("a")
    for wrong in (0.5, -1, 70000, np.nan):
        array[1, 2, 3] = wrong
        path = write_nifti(tmp_path / "c.nii", array)
        with pytest.raises(InputError, match="holds values that are no whole numbers from 0"):
            NiftiMask(path, 2, 3, TWO).read("a")


def test_a_slice_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", block())
    for axis, index in ((2, 5), (2, -1), (None, 0)):
        with pytest.raises(PictureError, match="there is no slice"):
            NiftiSlice(path, axis, index).read("a")
    flat = write_nifti(tmp_path / "b.nii", block((4, 6)), LPS)
    for axis, index in ((2, 1), (1, 0)):
        with pytest.raises(PictureError, match="there is no slice"):
            NiftiSlice(flat, axis, index).read("a")


def test_a_fault_of_the_whole_file_is_one_message_for_all_slices(tmp_path: Path) -> None:
    array = block(dtype="f4")
    array[0, 0, 0] = np.nan
    path = write_nifti(tmp_path / "a.nii", array)
    lines = set()
    for index in range(5):
        with pytest.raises(PictureError) as caught:
            NiftiSlice(path, 2, index, source="x/a.nii").read(f'image "x/a.nii#{index}"')
        lines.add(str(caught.value))
    assert lines == {
        'file "x/a.nii" holds values that are no numbers (NaN or infinite); fill them in'
    }


def test_sources_travel_to_workers(tmp_path: Path) -> None:
    for source in (NiftiSlice(tmp_path / "a", 1, 2, (0, 1)), NiftiMask(tmp_path / "a", 1, 2, TWO)):
        assert pickle.loads(pickle.dumps(source)) == source
        assert files_of(source) == [tmp_path / "a"]


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_broken_bytes_never_end_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    kind, suffix = (
        data.draw(st.sampled_from(("u1", "i2", "f4"))),
        data.draw(st.sampled_from((".nii", ".nii.gz"))),
    )
    content = bytearray(write_nifti(tmp_path / f"a{suffix}", block(dtype=kind), LPS).read_bytes())
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"b{suffix}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for source in (NiftiSlice(path, 2, 1), NiftiSlice(path), NiftiMask(path, 0, 1, TWO)):
        try:
            source.read("a")
        except (PictureError, InputError) as error:
            assert str(error).startswith("a ")
            assert "\n" not in str(error)
