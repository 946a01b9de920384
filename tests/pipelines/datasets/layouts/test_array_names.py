from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.layouts.array_names import (
    ANSWERS,
    GROUPS,
    IMAGES,
    MASKS,
    WORDS,
    Naming,
    parse_name,
)

NAMES: dict[str, tuple[str | None, str | None, tuple[str, ...]]] = {
    "Input": (IMAGES, None, ()),
    "X": (IMAGES, None, ()),
    "target": (ANSWERS, None, ()),
    "Output": (ANSWERS, None, ()),
    "masks": (MASKS, None, ()),
    "ground truth": (MASKS, None, ()),
    "patient_ids": (GROUPS, None, ()),
    "subject id": (GROUPS, None, ()),
    "benign": (None, None, ("benign",)),
    "benign_images": (IMAGES, None, ("benign",)),
    "benign (segmentation maps)": (MASKS, None, ("benign",)),
    "benign-image-masks": (MASKS, None, ("benign",)),
    "mask_benign": (MASKS, None, ("benign",)),
    "images non_tumour": (IMAGES, None, ("non_tumour",)),
    "bösartig_img": (IMAGES, None, ("bösartig",)),
    "benign/images": (IMAGES, None, ("benign",)),
    "masks/benign": (MASKS, None, ("benign",)),
    "train_images": (IMAGES, "train", ()),
    "x_val": (IMAGES, "validation", ()),
    "xtrain": (IMAGES, "train", ()),
    "Ytest": (ANSWERS, "test", ()),
    "test/Input": (IMAGES, "test", ()),
    "train/benign_masks": (MASKS, "train", ("benign",)),
    "site A/benign": (None, None, ("site A", "benign")),
    "(benign) [2]": (None, None, ("(benign) [2]",)),
    "xylophone": (None, None, ("xylophone",)),
    "ids": (None, None, ("ids",)),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_what_a_name_says(
    name: str, expected: tuple[str | None, str | None, tuple[str, ...]]
) -> None:
    naming = parse_name(PurePosixPath(name))
    assert naming == Naming(*expected)
    assert naming.category == (expected[2][-1] if expected[2] else None)


@given(st.text())
def test_any_name_says_something_or_nothing(name: str) -> None:
    naming = parse_name(PurePosixPath(name))
    assert naming.kind is None or naming.kind in WORDS
