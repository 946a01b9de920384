from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from pipelines.datasets.layouts.nifti_pairs import stem, with_masks, without_masks


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def paired(*names: str) -> dict[str, tuple[str, ...]]:
    found = with_masks(paths(*names))
    assert found.problems == []
    return {str(case.path): tuple(map(str, case.masks)) for case in found.cases}


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("imagesTr/a.nii.gz", "labelsTr/a.nii.gz"),
        ("imagesTr/a.b_0000.nii.gz", "labelsTr/a.b.nii.gz"),
        ("images/p1/a.nii.gz", "masks/p1/a.nii"),
        ("images/a.nii", "labels/a_seg.nii"),
        ("a.nii.gz", "a_seg.nii.gz"),
        ("p1/a (1).nii.gz", "p1/a (1)_label.nii.gz"),
        ("p1/a.nii.gz", "p1/a-mask.NII.GZ"),
    ],
)
def test_images_find_their_masks(image: str, mask: str) -> None:
    assert paired(*sorted((image, mask))) == {image: (mask,)}


def test_what_has_no_counterpart_is_named_as_it_lies() -> None:
    found = with_masks(paths("imagesTr/a.nii.gz", "labelsTr/b.nii.gz"))
    said = {problem.source: problem.line for problem in found.problems}
    assert "has no mask of its name" in said["imagesTr/a.nii.gz"]
    assert "has no image of its name" in said["labelsTr/b.nii.gz"]


def test_two_files_of_one_name_are_named() -> None:
    found = with_masks(paths("a.nii", "a.nii.gz", "a_seg.nii.gz"))
    line = 'files "a.nii" and "a.nii.gz" share one name; take one out'
    assert [(each.source, each.line) for each in found.problems] == [
        ("a.nii", line),
        ("a.nii.gz", line),
    ]
    assert found.cases == []
    found = without_masks(paths("b/a.nii", "b/a.nii.gz", "b/c.nii"))
    assert [str(case.path) for case in found.cases] == ["b/c.nii"]


def test_an_image_with_two_masks_of_one_name_is_not_used() -> None:
    found = with_masks(
        paths("images/a.nii", "images/b.nii", "labels/a.nii", "labels/a.nii.gz", "labels/b.nii")
    )
    assert [str(case.path) for case in found.cases] == ["images/b.nii"]
    assert {each.source for each in found.problems} == {
        "images/a.nii", "labels/a.nii", "labels/a.nii.gz",
    }  # fmt: skip


def test_a_test_part_without_masks_is_left_alone_and_one_with_them_is_a_part() -> None:
    train = paths("imagesTr/a.nii.gz", "labelsTr/a.nii.gz")
    found = with_masks([*train, *paths("imagesTs/b.nii.gz", "imagesTs/c.nii.gz")])
    assert (len(found.cases), found.cases[0].part, found.problems) == (1, None, [])
    assert found.warnings == ["left alone, being of the test part and without masks: 2"]
    found = with_masks([*train, *paths("imagesTs/b.nii.gz", "labelsTs/b.nii.gz")])
    assert [case.part for case in found.cases] == ["train", "test"]


def test_masks_are_no_images_to_classify() -> None:
    found = without_masks(paths("b/a.nii", "b/a_seg.nii", "b/c_seg.nii", "labels/a.nii"))
    assert [str(case.path) for case in found.cases] == ["b/a.nii", "b/c_seg.nii"]
    assert 'masks by their names: 2, such as "b/a_seg.nii"' in found.warnings[0]


def test_stems_have_no_suffix() -> None:
    assert [stem(path) for path in paths("a.nii.gz", "a.NII", "a.png")] == ["a", "a", "a.png"]
