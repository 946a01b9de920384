from __future__ import annotations

import re
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.datasets.convert import convert
from pipelines.datasets.layouts.nifti import scan, sign
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.datasets.options import Options
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, Made
from tests.pipelines.datasets.made_nifti import LPS, TRANSFORMS, block, lying, write_nifti
from transforms.upright_reader import UprightReader


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


CORONAL = np.array([[0, -1.0, 0, 0], [0, 0, 1, 0], [2, 0, 0, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("affine", [LPS, np.eye(4), np.diag([1, -1, -1, 1.0]), CORONAL, None])
def test_a_flat_file_stands_as_a_slice_of_a_volume(
    tmp_path: Path, suffix: str, affine: np.ndarray | None
) -> None:
    array = block((4, 6))
    mask = (array > 10).astype(np.uint8)
    mask[0, 0] = 1
    shapes = {
        "flat": lambda plane: plane,
        "thin": lambda plane: plane[..., None],
        "volume": lambda plane: np.stack([plane * 0, plane, plane * 0], axis=2),
    }
    for name, shaped in shapes.items():
        write_nifti(tmp_path / f"images/{name}{suffix}", shaped(array), affine)
        write_nifti(tmp_path / f"labels/{name}{suffix}", shaped(mask), affine)
    samples = {sample.source: sample for sample in asked(tmp_path).samples}
    flat, thin, cut = (
        samples[f"images/{name}"]
        for name in (f"flat{suffix}", f"thin{suffix}", f"volume{suffix}#1")
    )
    assert len(samples) == 5
    for other in (thin, cut):
        picture, expected = other.image.read("a"), flat.image.read("a")
        np.testing.assert_array_equal(picture.pixels, expected.pixels)
        assert picture.spacing == expected.spacing
        np.testing.assert_array_equal(other.masks[0].read("a"), flat.masks[0].read("a"))
    np.testing.assert_array_equal(
        flat.masks[0].read("a"),
        (flat.image.read("a").pixels > 10) | (flat.image.read("a").pixels == 0),
    )


def test_directions_of_a_flat_file_are_those_of_its_transform(tmp_path: Path) -> None:
    array = block((4, 6))
    turns = {
        "a": (LPS, array.T),  # x to the left, y to the back: as a viewer shows it
        "b": (np.eye(4), array.T[::-1, ::-1]),
        "c": (np.diag([1, -1, 1, 1.0]), array.T[:, ::-1]),
        "d": (CORONAL, array[::-1]),  # x to the head, y to the left
    }
    for name, (affine, _) in turns.items():
        write_nifti(tmp_path / f"{name}/x.nii", array, affine)
    found = asked(tmp_path, "classification")
    assert [line for line in found.warnings if "turned by half" in line] == [
        "turned by half, because their transform says that x runs to the right and y to the front: "
        '1 2-D files, such as "b/x.nii"; if they were saved as pictures (numpy.eye(4)), save them '
        "with numpy.diag([-1, -1, 1, 1])"
    ]
    for sample in found.samples:
        np.testing.assert_array_equal(
            sample.image.read("x").pixels, turns[sample.category][1], sample.category
        )


def test_prediction_reads_what_was_converted(tmp_path: Path, made: Made) -> None:
    for number, name in enumerate(TRANSFORMS):
        for folder in ("x", "y"):
            picture = made.texture(number + (50 if folder == "y" else 0))
            stored = lying(picture, TRANSFORMS[name])
            write_nifti(tmp_path / f"raw/{folder}/{name}.nii.gz", stored, TRANSFORMS[name])
    options = Options(task="classification", folds=3, workers=1)
    dataset = convert(tmp_path / "raw", tmp_path / "out", "nifti", options).dataset
    assert len(dataset.items) == 2 * len(TRANSFORMS)
    for item in dataset.items:
        written, _ = UprightReader().get_data(tmp_path / "out" / item["image"])
        read, _ = UprightReader().get_data(tmp_path / "raw" / item["source"])
        np.testing.assert_array_equal(read, written, item["source"])
        assert written.shape == made.texture(0).shape != written.T.shape


def test_a_thin_volume_is_read_as_its_only_slice_is_converted(tmp_path: Path) -> None:
    shapes = {"sagittal": (1, 6, 5), "coronal": (4, 1, 5), "axial": (4, 6, 1)}
    for shape, (name, affine) in product(shapes, TRANSFORMS.items()):
        path = tmp_path / f"{shape}/{name}.nii"
        write_nifti(path, block(shapes[shape]), affine)
    samples = asked(tmp_path, "classification").samples
    assert len(samples) == 3 * len(TRANSFORMS)
    for sample in samples:
        read, _ = UprightReader().get_data(tmp_path / sample.source.partition("#")[0])
        np.testing.assert_array_equal(sample.image.read("x").pixels, read, sample.source)


def test_flat_masks_that_lie_otherwise_are_named(tmp_path: Path) -> None:
    write_nifti(tmp_path / "a.nii", block((4, 6)), LPS)
    write_nifti(tmp_path / "a_seg.nii", np.zeros((4, 6), np.uint8), np.eye(4))
    (problem,) = asked(tmp_path).problems
    assert "lie differently in space by their headers (LP and RA)" in problem.line
    write_nifti(tmp_path / "a_seg.nii", np.zeros((4, 6), np.uint8), np.diag([-1, -1, -1, 1.0]))
    assert asked(tmp_path).problems == []


def test_a_dataset_in_nifti_comes_back_upright(made: Made) -> None:
    made.masked()
    made.change(0, image=Given(made.texture(0), (0.2, 0.1)))
    made.convert("segmentation", kind="nifti")
    found = {sample.source: sample for sample in asked(made.out).samples}
    assert len(found) == 12
    sample = found["images/a_0001.nii.gz"]
    picture = sample.image.read("x")
    assert picture.pixels.shape == (60, 90)
    np.testing.assert_array_equal(picture.pixels, made.texture(0))
    assert picture.spacing == pytest.approx((0.2, 0.1))
    mask = made.samples[0].masks[0].read("x")
    np.testing.assert_array_equal(sample.masks[0].read("x"), mask)
    assert not np.array_equal(mask, mask[::-1, ::-1])


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """Two classes of three volumes of four slices, of which one is cut in half."""
    rng = np.random.default_rng(0)
    for name in ("a/1", "a/2", "a/3", "b/1", "b/2", "b/3"):
        array = rng.integers(0, 256, (40, 60, 4)).astype(np.uint8)
        write_nifti(tmp_path / f"raw/{name}.nii.gz", array, LPS)
        write_nifti(tmp_path / f"raw/{name}_plain.nii", array[::-1], LPS)
    for path in (tmp_path / "raw/a/2.nii.gz", tmp_path / "raw/b/3_plain.nii"):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    return tmp_path / "raw"


def test_a_truncated_volume_is_one_problem(cut: Path) -> None:
    options = Options(task="classification", folds=3, workers=1)
    with pytest.raises(InputError) as caught:
        convert(cut, cut.parent / "out", "nifti", options)
    head, first, second = str(caught.value).splitlines()
    assert head.startswith("2 problems in ")
    assert re.fullmatch(
        r'  file "a/2\.nii\.gz" is truncated: it breaks off after [0-9]+ of the 9600 bytes of '
        r"voxels that its shape \(40, 60, 4\) needs\. Export it again or take it out",
        first,
    )
    assert second.startswith('  file "b/3_plain.nii" is truncated: it breaks off after 4624 of')


def test_all_slices_of_a_truncated_volume_are_left_out(cut: Path) -> None:
    said: list[str] = []
    options = Options(task="classification", folds=3, workers=1, skip_bad=True, dry_run=True)
    made = convert(cut, cut.parent / "out", "nifti", options, said.append)
    assert made.left_out == [
        *(f"a/2.nii.gz#{index}" for index in range(4)),
        *(f"b/3_plain.nii#{index}" for index in range(4)),
    ]
    assert len(made.dataset.items) == 40
    start = said.index("left out: what cannot be converted (8):")
    for line, name in zip(
        said[start + 1 : start + 3], ("a/2.nii.gz", "b/3_plain.nii"), strict=True
    ):
        assert line.startswith(f'  file "{name}" is truncated')
        assert line.endswith("(4 images)")


def test_a_truncated_mask_is_named_itself(raw: Path) -> None:
    path = raw / "labelsTr" / "b.nii.gz"
    path.write_bytes(path.read_bytes()[:-3])
    for options in ({}, {"skip_empty_slices": True}):
        found = asked(raw, **options)
        assert len({problem.line for problem in found.problems}) == 1
        assert len(found.problems) == 5
        assert found.problems[0].source == "imagesTr/b.nii.gz#0"
        assert found.problems[0].line.startswith('mask "labelsTr/b.nii.gz" is truncated')


def test_a_volume_that_is_damaged_inside_is_one_problem(cut: Path) -> None:
    for name in ("a/2.nii.gz", "b/3_plain.nii"):
        (cut / name).unlink()
    content = bytearray((cut / "a/1.nii.gz").read_bytes())
    content[-6] ^= 255  # of the check sum
    (cut / "a/1.nii.gz").write_bytes(content)
    options = Options(task="classification", folds=3, workers=1)
    with pytest.raises(InputError, match=r'^file "a/1\.nii\.gz" is truncated or damaged \(CRC'):
        convert(cut, cut.parent / "out", "nifti", options)


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
