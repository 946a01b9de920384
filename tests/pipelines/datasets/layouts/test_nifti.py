from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.datasets.layouts.nifti import scan, sign
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.errors import InputError
from tests.pipelines.datasets.made_nifti import LPS, block, write_nifti


def asked(raw: Path, task: str = "segmentation", **options: Any) -> Scan:
    classes = options.pop("classes", ())
    return scan(raw, Request(task, classes, options.pop("mapping", {}), options))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two volumes of five slices, of which slices 1 and 3 of the first are marked."""
    root = tmp_path / "Liver 2"
    mask = np.zeros((4, 6, 5), np.uint8)
    mask[1, 2, 1] = mask[1, 2, 3] = 1
    for name, content in (("a", mask), ("b", mask * 0)):
        write_nifti(root / "imagesTr" / f"{name}.nii.gz", block(), LPS, (0.5, 0.4, 2))
        write_nifti(root / "labelsTr" / f"{name}.nii.gz", content, LPS, (0.5, 0.4, 2))
    return root


def test_volumes_become_slices_of_one_group(raw: Path) -> None:
    found = asked(raw)
    assert (found.problems, found.warnings) == ([], [])
    assert len(found.samples) == 10
    assert found.facts.labels == ("background", "foreground")
    assert (found.facts.name, found.facts.modality) == ("liver-2", "OT")
    sample = found.samples[3]
    assert (sample.source, sample.category, sample.part) == ("imagesTr/a.nii.gz#3", "image", None)
    assert {sample.group for sample in found.samples} == {"imagesTr/a", "imagesTr/b"}
    picture = sample.image.read("a")
    np.testing.assert_array_equal(picture.pixels, block()[:, :, 3].T)
    assert picture.spacing == pytest.approx((0.4, 0.5))
    indices = sample.masks[0].read("a")
    assert (indices.shape, indices[2, 1], indices.sum()) == ((6, 4), 1, 1)


def test_options_choose_the_slices(raw: Path) -> None:
    def sources(**options: Any) -> list[str]:
        return [sample.source.rpartition("/")[2] for sample in asked(raw, **options).samples]

    assert sources(every="2")[:3] == ["a.nii.gz#0", "a.nii.gz#2", "a.nii.gz#4"]
    assert sources(skip_empty_slices=True) == ["a.nii.gz#1", "a.nii.gz#3"]
    assert sources(skip_empty_slices=True, every="3") == ["a.nii.gz#3"]
    # in LPS, index 1 of the stored first axis is index 2 from the left
    assert sources(skip_empty_slices=True, axis="0") == ["a.nii.gz#2"]
    assert len(sources(axis="1")) == 12
    assert {sample.group for sample in asked(raw, group_by="folder").samples} == {"imagesTr"}
    image: Any = asked(raw, window="0,50.5").samples[0].image
    assert image.window == (0, 50.5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"axis": "3"}, "--axis 3: expected one of 0, 1, 2, last"),
        ({"every": "0"}, "--every 0: expected a whole number"),
        ({"window": "5"}, "--window 5: expected two numbers"),
        ({"window": "5,nan"}, "--window 5,nan: expected two numbers"),
        ({"window": "5,1"}, "expected two numbers, the lower first"),
        ({"group_by": "x"}, "--group-by x: expected volume or folder"),
        ({"task": "classification", "skip_empty_slices": True}, "needs masks"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    raw: Path, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        asked(raw, **options)


def test_a_volume_of_one_voxel_along_an_axis_is_one_slice(tmp_path: Path) -> None:
    for name in ("a", "a_seg"):
        write_nifti(tmp_path / f"{name}.nii", np.ones((1, 6, 5), np.uint8), LPS)
    (sample,) = asked(tmp_path).samples
    assert sample.source == "a.nii#0"
    assert sample.image.read("a").pixels.shape == (5, 6)


def test_flat_images_have_no_slice_number(tmp_path: Path) -> None:
    for name in ("a", "a_seg"):
        write_nifti(tmp_path / f"{name}.nii", np.ones((4, 6, 1), np.uint8))
    (sample,) = asked(tmp_path).samples
    assert (sample.source, sample.group) == ("a.nii", "a")
    assert sample.masks[0].read("a").shape == (6, 4)


def test_classes_are_folders(tmp_path: Path) -> None:
    for name in ("normal/x.nii", "benign/p1/y (2).nii.gz", "benign/p1/y (10).nii.gz"):
        write_nifti(tmp_path / name, block((4, 6)))
    write_nifti(tmp_path / "benign/p1/y (2)_seg.nii.gz", block((4, 6)))
    (tmp_path / "notes.txt").write_text("text")
    found = asked(tmp_path, "classification")
    assert found.problems == []
    assert [(sample.source, sample.category, sample.group) for sample in found.samples] == [
        ("benign/p1/y (2).nii.gz", "benign", "benign/p1/y (2)"),
        ("benign/p1/y (10).nii.gz", "benign", "benign/p1/y (10)"),
        ("normal/x.nii", "normal", "normal/x"),
    ]
    assert found.facts.labels == ("benign", "normal")
    assert (
        asked(tmp_path, "classification", classes=("normal", "benign")).facts.labels[0] == "normal"
    )
    assert "left alone, being no NIfTI by their suffix: 1" in found.warnings
    write_nifti(tmp_path / "z.nii", block((4, 6)))
    (problem,) = asked(tmp_path, "classification").problems
    assert problem.line.startswith('file "z.nii" lies outside the class folders')


def test_masks_that_do_not_lie_on_their_image_are_named(raw: Path) -> None:
    write_nifti(raw / "labelsTr" / "a.nii.gz", np.zeros((4, 6, 4), np.uint8), LPS)
    write_nifti(raw / "labelsTr" / "b.nii.gz", np.zeros((4, 6, 5), np.uint8), np.eye(4))
    said = {problem.source: problem.line for problem in asked(raw).problems}
    assert said["imagesTr/a.nii.gz"] == (
        'file "imagesTr/a.nii.gz" has the shape (4, 6, 5), its mask "labelsTr/a.nii.gz" '
        "(4, 6, 4); resample the mask to the image, by nearest neighbour"
    )
    assert said["imagesTr/b.nii.gz"].startswith(
        'file "imagesTr/b.nii.gz" and its mask "labelsTr/b.nii.gz" lie differently in space by '
        "their headers (LPS and RAS)"
    )


def test_all_that_cannot_be_used_is_named(raw: Path) -> None:
    nib.Nifti1Image(block((4, 6, 5, 2)), LPS).to_filename(raw / "imagesTr" / "a.nii.gz")
    (raw / "labelsTr" / "b.nii.gz").write_bytes(b"")
    write_nifti(raw / "imagesTr" / "c.nii.gz", block())
    said = {problem.source: problem.line for problem in asked(raw).problems}
    assert "expected an image (x, y) or a volume" in said["imagesTr/a.nii.gz"]
    assert 'mask "labelsTr/b.nii.gz" is empty (0 bytes)' in said["imagesTr/b.nii.gz"]
    assert "has no mask of its name" in said["imagesTr/c.nii.gz"]


def test_classes_of_masks_are_those_that_are_named(raw: Path) -> None:
    mask = np.zeros((4, 6, 5), np.uint8)
    mask[0, 0, 0], mask[0, 1, 0] = 2, 7
    write_nifti(raw / "labelsTr" / "a.nii.gz", mask, LPS)
    found = asked(raw, classes=("background", "liver", "lesion"), mapping={7: 1})
    assert found.facts.labels == ("background", "liver", "lesion")
    assert found.samples[0].masks[0].read("a")[:2, 0].tolist() == [2, 1]
    with pytest.raises(InputError, match="expected 0 and either 1 or 255"):
        asked(raw).samples[0].masks[0].read("a")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        asked(tmp_path / "none")
    (tmp_path / "Input.npy").touch()
    with pytest.raises(InputError, match="not the nifti layout: expected NIfTI files"):
        asked(tmp_path)
    write_nifti(tmp_path / "a.nii", block())
    with pytest.raises(InputError, match="no folders that could name the classes"):
        asked(tmp_path, "classification")
    for name in ("a", "a_seg"):
        write_nifti(tmp_path / f"{name}.nii", block() * 0)
    with pytest.raises(InputError, match="no image with a mask that marks anything"):
        asked(tmp_path, skip_empty_slices=True)


def test_a_sign_is_a_suffix(tmp_path: Path) -> None:
    files = [PurePosixPath("a.png"), PurePosixPath("b/c.NII.gz")]
    assert sign(tmp_path, files) == "b/c.NII.gz"
    assert sign(tmp_path, files[:1]) is None


@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_broken_files_become_problems(tmp_path: Path, data: st.DataObject) -> None:
    for name in ("a", "a_seg"):
        content = bytearray(write_nifti(tmp_path / f"{name}.nii", block(), LPS).read_bytes())
        for _ in range(data.draw(st.integers(0, 10))):
            content[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
        content = content[: data.draw(st.integers(0, len(content)))]
        (tmp_path / f"{name}.nii").write_bytes(content)
    try:
        found = asked(tmp_path, skip_empty_slices=data.draw(st.booleans()))
    except InputError:
        return
    assert found.problems or found.samples
