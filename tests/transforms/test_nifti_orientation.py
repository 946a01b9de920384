"""Arrays of NIfTI files stand as radiologists look at them, and go back to where they were."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.pipelines.datasets.made_nifti import (
    COUNTER,
    FLIPPED,
    LPS,
    OBLIQUE,
    SWAPPED,
    TRANSFORMS,
    block,
    lying,
)
from transforms.nifti_orientation import (
    as_stored,
    directions,
    is_turned_by_half,
    letters,
    picture_axes,
    stand_alike,
    turned_by_half_text,
    upright,
)

WAYS = [
    np.array([*(np.eye(3)[list(order)] * signs).T, [0, 0, 0]])
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
"""The 48 ways in which three axes can lie, as columns."""


def header(affine: NDArray[Any] | None, sform: int = 2, qform: int = 0) -> nib.Nifti1Header:
    found = nib.Nifti1Header()
    if affine is not None:
        found.set_sform(affine, sform)
        found.set_qform(affine, qform)
    return found


def affine_of(way: NDArray[Any]) -> NDArray[Any]:
    return np.column_stack([way, [3.0, 4, 5, 1]])


@pytest.mark.parametrize("way", WAYS)
def test_each_slice_of_a_volume_stands_as_nibabel_says(way: NDArray[Any]) -> None:
    array, affine = block((4, 6, 5)), affine_of(way)
    canonical = nib.as_closest_canonical(nib.Nifti1Image(array, affine)).get_fdata()
    found = directions(header(affine))
    assert found is not None
    assert letters(found) == "".join(nib.aff2axcodes(affine))
    for along in range(3):
        axes = [axis for axis in range(3) if axis != along]
        index = 2 if found[along][1] > 0 else array.shape[along] - 1 - 2
        plane = np.take(array, index, axis=along)
        shown = upright(plane, found, (axes[0], axes[1]))
        # (right or anterior, anterior or superior)
        expected = np.take(canonical, 2, axis=found[along][0])
        np.testing.assert_array_equal(shown, expected.T[::-1, ::-1])
        np.testing.assert_array_equal(as_stored(shown, found, (axes[0], axes[1])), plane)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_pictures_stand_upright_and_go_back(name: str) -> None:
    picture, found = block((7, 5)), directions(header(TRANSFORMS[name]))
    stored = lying(picture, TRANSFORMS[name])
    np.testing.assert_array_equal(upright(stored, found), picture)
    np.testing.assert_array_equal(as_stored(picture, found), stored)


@pytest.mark.parametrize(
    ("affine", "expected"),
    [
        (None, lambda array: array.T),
        (LPS, lambda array: array.T),
        (OBLIQUE, lambda array: array.T),
        (np.eye(4), lambda array: array.T[::-1, ::-1]),
        (FLIPPED, lambda array: array.T[::-1]),
        (SWAPPED, lambda array: array[::-1, ::-1]),
        (COUNTER, lambda array: array[::-1]),
    ],
)
def test_what_a_transform_does(affine: NDArray[Any] | None, expected: Any) -> None:
    array = block((4, 6))
    np.testing.assert_array_equal(upright(array, directions(header(affine))), expected(array))


@given(
    way=st.sampled_from(WAYS),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    axes=st.sampled_from([(0, 1), (0, 2), (1, 2)]),
)
def test_the_way_back_undoes_the_way_there(
    way: NDArray[Any], shape: tuple[int, int], axes: tuple[int, int]
) -> None:
    plane, found = block(shape), directions(header(affine_of(way)))
    np.testing.assert_array_equal(as_stored(upright(plane, found, axes), found, axes), plane)


def test_a_transform_that_says_nothing_is_none() -> None:
    assert directions(header(None)) is None
    assert directions(header(LPS, sform=0)) is None
    broken = header(LPS)
    broken["srow_x"] = np.nan
    assert directions(broken) is None
    broken["srow_x"] = broken["srow_y"] = broken["srow_z"] = 0
    assert directions(broken) is None


def test_the_sform_goes_before_the_qform() -> None:
    both = header(LPS)
    both.set_qform(np.eye(4), 1)
    assert letters(directions(both)) == "LPS"
    both["sform_code"] = 0
    assert letters(directions(both)) == "RAS"


def test_a_third_axis_without_a_length_gets_what_is_left() -> None:
    flat = header(LPS)
    flat["srow_x"], flat["srow_y"], flat["srow_z"] = [-1, 0, 0, 0], [0, 0, 0, 0], [0, 2, 0, 0]
    assert directions(flat) == ((0, -1), (2, 1), (1, 1))


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((4, 6), (0, 1)),
        ((4, 6, 1, 1), (0, 1)),
        ((1, 6), (0, 1)),
        ((4, 1, 1), (0, 1)),
        ((1, 6, 1), (0, 1)),
        ((1, 6, 5), (1, 2)),
        ((4, 1, 5, 1), (0, 2)),
        ((4, 6, 5), None),
        ((1, 1, 5), None),
        ((4, 6, 1, 2), None),
        ((4,), None),
        ((), None),
    ],
)
def test_the_axes_of_one_picture(shape: tuple[int, ...], axes: tuple[int, int] | None) -> None:
    assert picture_axes(shape) == axes


def test_what_is_turned_by_half_is_told() -> None:
    turned = {name: is_turned_by_half(directions(header(TRANSFORMS[name]))) for name in TRANSFORMS}
    assert {name for name, each in turned.items() if each} == {"eye", "RAS"}
    assert not is_turned_by_half(directions(header(np.eye(4))), (1, 2))
    assert turned_by_half_text(3, "a/b.nii").startswith("turned by half")
    assert ': 3 2-D files, such as "a/b.nii";' in turned_by_half_text(3, "a/b.nii")


def test_no_transform_stands_like_a_picture() -> None:
    found = {name: directions(header(affine)) for name, affine in TRANSFORMS.items()}
    alike = {name for name, each in found.items() if stand_alike(each, None)}
    assert alike == {"none", "LPS", "oblique"}
    assert not stand_alike(found["swapped"], found["counter"])
