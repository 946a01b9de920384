from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from pipelines.datasets.layouts.array_entries import Entry, find_entries
from pipelines.datasets.layouts.array_sets import (
    ArraySet,
    OpenSet,
    RefusedError,
    group_entries,
    open_set,
)
from pipelines.datasets.layouts.sample import Request
from pipelines.errors import InputError

IMAGES = np.zeros((4, 8, 9, 3), dtype=np.uint8)
MAPS = np.zeros((4, 8, 9), dtype=np.uint8)
CLASSES = np.array([0, 1, 0, 1])


def entries(root: Path, **arrays: Any) -> list[Entry]:
    for name, values in arrays.items():
        np.save(root / f"{name}.npy", values)
    found, problems = find_entries(root, [PurePosixPath(f"{name}.npy") for name in arrays])
    assert problems == []
    return found


def grouped(found: list[Entry], **options: Any) -> tuple[list[ArraySet], list[str]]:
    sets, unread = group_entries(found, Request("classification", options=options))
    return sets, [entry.name for entry in unread]


def opened(root: Path, task: str = "classification", **arrays: Any) -> OpenSet:
    (only,), _ = grouped(entries(root, **arrays))
    return open_set(only, task, None)


def refused(root: Path, task: str = "classification", **arrays: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        opened(root, task, **arrays)
    assert caught.value.problem.line == str(caught.value)
    return str(caught.value)


def names(sets: list[ArraySet]) -> list[dict[str, list[str]]]:
    return [{kind: [e.name for e in found] for kind, found in s.entries.items()} for s in sets]


def test_names_that_differ_only_in_what_they_hold_belong_together(tmp_path: Path) -> None:
    found = entries(
        tmp_path, benign=IMAGES, Benign_masks=MAPS, x_train=IMAGES, y_train=CLASSES, extra=MAPS
    )
    sets, unread = grouped(found)
    assert names(sets) == [
        {"masks": ["Benign_masks.npy"]},
        {"images": ["x_train.npy"], "answers": ["y_train.npy"]},
    ]
    assert unread == ["benign.npy", "extra.npy"]


def test_the_name_of_a_class_alone_means_its_images_where_no_name_says_images(
    tmp_path: Path,
) -> None:
    sets, unread = grouped(entries(tmp_path, benign=IMAGES, Benign_masks=MAPS, normal=IMAGES))
    assert names(sets) == [
        {"images": ["benign.npy"], "masks": ["Benign_masks.npy"]},
        {"images": ["normal.npy"]},
    ]
    assert unread == []


def test_options_choose_arrays_by_the_end_of_their_path(tmp_path: Path) -> None:
    found = entries(tmp_path, scans=IMAGES, Input=IMAGES, codes=CLASSES, target=CLASSES)
    sets, unread = grouped(found, images_file="scans", targets_file="codes.npy")
    assert names(sets) == [{"images": ["scans.npy"], "targets": ["codes.npy"]}]
    assert unread == ["Input.npy", "target.npy"]
    with pytest.raises(InputError, match=r"--images-file can names no array .* one of scans.npy"):
        grouped(found, images_file="can")
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "scans.npy", IMAGES)
    found, _ = find_entries(tmp_path, [PurePosixPath("scans.npy"), PurePosixPath("a/scans.npy")])
    assert names(grouped(found, images_file="a/scans")[0])[0] == {"images": ["a/scans.npy"]}
    with pytest.raises(InputError, match="--images-file scans fits several arrays"):
        grouped(found, images_file="scans")


@pytest.mark.parametrize("path", ["../Input.npy", "/etc/passwd", "a/../Input"])
def test_options_lead_nowhere_else(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="names no array of the raw folder"):
        grouped(entries(tmp_path, Input=IMAGES), images_file=path)


def test_the_shape_tells_targets_from_masks(tmp_path: Path) -> None:
    found = opened(tmp_path, Input=IMAGES, Output=CLASSES)
    assert found.targets is not None and found.masks is None
    found = opened(tmp_path, "segmentation", Input=IMAGES, Output=MAPS[..., None])
    assert found.targets is None and found.masks is not None and found.mask_axes == "NHWC"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path, Input=IMAGES) == (
        "Input.npy has no targets with it; expected an array with one of target, labels, output, y "
        "in its name and else the same name, or choose with --targets-file"
    )
    line = refused(tmp_path, "segmentation", benign_images=IMAGES)
    assert line.startswith("benign_images.npy has no masks with it; expected an array with one of")
    line = refused(tmp_path, masks=MAPS)
    assert line.startswith('array "masks.npy" has no images with it; expected')


def test_what_does_not_fit_together_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path, Input=IMAGES, target=CLASSES[:3]) == (
        "target.npy has 3 rows, Input.npy 4; expected one row per image"
    )
    line = refused(tmp_path, "segmentation", Input=IMAGES, masks=np.zeros((4, 9, 8)))
    assert line == (
        "masks.npy holds masks of 8 x 9 pixels, Input.npy images of 9 x 8; save both at one size"
    )
    line = refused(tmp_path, Input=IMAGES, masks=CLASSES, target=CLASSES)
    assert line.endswith("(4,), which is none of masks; expected (N, height, width)")
    line = refused(tmp_path, Input=IMAGES, y=CLASSES, patients=np.zeros((4, 2)))
    assert line == "patients.npy has the shape (4, 2); expected one patient per image"
    line = refused(tmp_path, "segmentation", Input=IMAGES, masks=np.full((4, 8, 9), "a"))
    assert line == "masks.npy holds text; expected class indices"
    line = refused(tmp_path, Input=IMAGES, x=IMAGES, y=CLASSES)
    assert line == (
        'arrays "Input.npy" and "x.npy" seem to hold the same images; choose one with --images-file'
    )


def test_arrays_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    assert "never unpickled" in refused(tmp_path, Input=np.array([None] * 4), y=CLASSES)
    wide = np.lib.format.open_memmap(
        tmp_path / "Input.npy", "w+", np.uint8, (1, 2**14, 2**14)
    )  # sparse
    del wide
    (only,), _ = grouped([*find_entries(tmp_path, [PurePosixPath("Input.npy")])[0]])
    with pytest.raises(RefusedError, match=r"is 16384 x 16384 pixels by its header; the limit"):
        open_set(only, "classification", None)
