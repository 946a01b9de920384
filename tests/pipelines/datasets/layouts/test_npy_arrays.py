from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.dataset import read
from pipelines.datasets.layouts.npy_arrays import scan, sign
from pipelines.datasets.layouts.sample import DUPLICATES, Request, Scan
from pipelines.datasets.sources.source import ImageSource, MaskSource
from pipelines.errors import InputError
from transforms.picture import PictureError

NAMES = np.array(["normal", "benign", "benign", "malignant"])
INDICES = np.array([0, 2, 2, 1])
ORDER = ("normal", "malignant", "benign")
GREY = np.random.default_rng(0).integers(0, 256, (4, 16, 24), dtype=np.uint8)
RGB = np.stack([GREY] * 3, axis=-1)
MASKS = (GREY > 128).astype(np.uint8)


def save(root: Path, **arrays: Any) -> Path:
    root.mkdir(exist_ok=True)
    for name, values in arrays.items():
        np.save(root / f"{name}.npy", values)
    return root


def classified(raw: Path, *classes: str, **options: Any) -> Scan:
    return scan(raw, Request("classification", classes, options=options))


def segmented(raw: Path, *classes: str, **options: Any) -> Scan:
    return scan(raw, Request("segmentation", classes, options=options))


def lines(found: Scan) -> list[str]:
    return [problem.line for problem in found.problems]


def test_names_give_classes_in_natural_order(tmp_path: Path) -> None:
    found = classified(save(tmp_path / "My Data", Input=RGB, target=NAMES))
    assert [(each.source, each.category) for each in found.samples] == [
        ("Input.npy#1", "benign"),
        ("Input.npy#2", "benign"),
        ("Input.npy#3", "malignant"),
        ("Input.npy#0", "normal"),
    ]
    facts = found.facts
    assert (facts.name, facts.modality, facts.channels) == ("my-data", "OT", 1)
    assert facts.labels == ("benign", "malignant", "normal") and facts.grouping == DUPLICATES
    assert found.problems == [] and found.warnings == []
    picture = pickle.loads(pickle.dumps(found.samples[0])).image.read("image")
    np.testing.assert_array_equal(picture.pixels, GREY[1])


@pytest.mark.parametrize("values", [INDICES, INDICES[:, None], np.eye(3)[INDICES], INDICES * 1.0])
def test_numbers_take_their_names_from_the_option(tmp_path: Path, values: Any) -> None:
    raw = save(tmp_path / "raw", Input=RGB, target=values)
    found = classified(raw, *ORDER)
    assert found.facts.labels == ORDER
    assert {each.source[-1]: each.category for each in found.samples} == {
        "0": "normal",
        "1": "benign",
        "2": "benign",
        "3": "malignant",
    }
    with pytest.raises(InputError) as caught:
        classified(raw)
    assert str(caught.value).startswith("target.npy holds the labels 0, 1, 2; ")
    assert "--classes" in str(caught.value)


def test_rows_that_name_no_class_are_problems_each(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", Input=RGB, target=np.array([0, 1, 2, 7]))
    found = classified(raw, *ORDER)
    assert [problem.source for problem in found.problems] == ["target.npy#3"]
    assert len(found.samples) == 3
    save(raw, target=np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]))
    found = classified(raw, *ORDER)
    assert lines(found) == [
        'target "target.npy#3" holds 1, 1, 0, which sums to 2; expected a single 1 and else 0. '
        "Correct it or take it out"
    ]
    save(raw, target=np.array(["benign", "bening", "", "normal"]))
    found = classified(raw, *ORDER)
    assert [problem.source for problem in found.problems] == ["target.npy#1", "target.npy#2"]
    assert "benign" in lines(found)[0] and "malignant" in lines(found)[0]


def test_one_file_per_class(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", benign=RGB, malignant=RGB[:2])
    found = classified(raw)
    assert found.facts.labels == ("benign", "malignant")
    assert [each.source for each in found.samples[3:5]] == ["benign.npy#3", "malignant.npy#0"]
    assert classified(raw, "malignant", "benign").facts.labels == ("malignant", "benign")
    found = classified(raw, "benign", "normal")
    assert [problem.source for problem in found.problems] == [f"malignant.npy#{i}" for i in (0, 1)]
    assert len(found.samples) == 4


def test_images_and_masks_per_class(tmp_path: Path) -> None:
    raw = save(
        tmp_path / "raw",
        benign_images=np.moveaxis(RGB, -1, 1),
        benign_segmentation_maps=MASKS * 255,
        normal_images=GREY / 255,
        normal_masks=MASKS > 1,
    )
    found = segmented(raw)
    assert found.problems == [] and found.facts.labels == ("background", "foreground")
    assert found.facts.healthy >= {"normal"}
    assert [each.category for each in found.samples] == ["benign"] * 4 + ["normal"] * 4
    for index, sample in enumerate(found.samples[:4]):
        np.testing.assert_array_equal(sample.image.read("image").pixels, GREY[index])
        (mask,) = sample.masks
        np.testing.assert_array_equal(mask.read("mask"), MASKS[index])
    assert not found.samples[7].masks[0].read("mask").any()
    assert found.warnings == [
        "the arrays hold values of several kinds (normal_images.npy: 0 to 1, benign_images.npy: "
        "whole numbers from 0 to 255); were they made alike?"
    ]


def test_masks_without_classes_and_with_targets_that_have_no_names(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", X=GREY, Y=MASKS)
    assert [each.category for each in segmented(raw).samples] == ["image"] * 4
    save(raw, target=INDICES)
    (raw / "Y.npy").rename(raw / "masks.npy")
    found = segmented(raw, "background", "tumour")
    assert [each.category for each in found.samples] == ["class0", "class1", "class2", "class2"]
    assert found.facts.labels == ("background", "tumour")


def test_several_classes_of_a_mask_are_its_values(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", images=GREY, masks=GREY % 3)
    found = segmented(raw, "background", "gland", "stroma")
    np.testing.assert_array_equal(found.samples[2].masks[0].read("mask"), GREY[2] % 3)


@pytest.mark.parametrize("saver", [np.savez, np.savez_compressed])
def test_an_archive_split_in_parts(tmp_path: Path, saver: Callable[..., None]) -> None:
    arrays = {
        f"{part}_{name}": values
        for part in ("train", "val", "test")
        for name, values in (("images", GREY), ("labels", INDICES[:, None]))
    }
    saver(tmp_path / "breast.npz", **arrays)
    for raw in (tmp_path, tmp_path / "breast.npz"):
        found = classified(raw, *ORDER)
        assert found.problems == [] and len(found.samples) == 12
        assert {each.part for each in found.samples} == {"train", "validation", "test"}
        (sample,) = (s for s in found.samples if s.source == "breast.npz/val_images.npy#3")
        assert (sample.part, sample.category) == ("validation", "malignant")
        np.testing.assert_array_equal(sample.image.read("image").pixels, GREY[3])


def test_patients_are_groups_and_hashed(tmp_path: Path) -> None:
    patients = np.array([17, 17, 18, 0])
    found = classified(save(tmp_path / "raw", Input=RGB, target=NAMES, patients=patients))
    groups = {each.source[-1]: each.group for each in found.samples}
    assert groups["0"] == groups["1"] != groups["2"] and groups["3"]
    assert "17" not in (groups["0"] or "") and "patient" in found.facts.grouping
    save(tmp_path / "raw", patients=np.array([17, 17, np.nan, 0]))
    found = classified(tmp_path / "raw")
    assert [problem.source for problem in found.problems] == ["patients.npy#2"]
    assert len(found.samples) == 3


def test_colour_is_kept_where_most_images_have_it(tmp_path: Path) -> None:
    colour = np.stack([GREY, GREY // 2, GREY], axis=-1)
    raw = save(tmp_path / "raw", Input=colour, target=NAMES)
    assert classified(raw, modality="SM").facts.channels == 3
    assert classified(raw, modality="SM").facts.modality == "SM"
    colour[1:] = RGB[1:]
    save(raw, Input=colour)
    assert classified(raw).facts.channels == 1


def test_the_place_of_the_channels_can_be_said(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", Input=np.zeros((4, 3, 9, 3), dtype=np.uint8), target=NAMES)
    assert "--channels-first or --channels-last" in lines(classified(raw))[0]
    shapes = []
    for option in ("channels_first", "channels_last"):
        image = classified(raw, **{option: True}).samples[0].image
        shapes.append(image.read("image").pixels.shape)
    assert shapes == [(9, 3), (3, 9)]
    with pytest.raises(InputError, match="exclude each other"):
        classified(raw, channels_first=True, channels_last=True)


def test_rows_with_nan_are_left_to_the_problems(tmp_path: Path) -> None:
    values = GREY / 255
    values[2, 3, 4] = np.nan
    found = classified(save(tmp_path / "raw", Input=values, target=NAMES))
    assert lines(found) == [
        'image "Input.npy#2" holds NaN or infinite values; correct it or take it out'
    ]
    assert "Input.npy#2" not in [each.source for each in found.samples]


def test_all_broken_arrays_are_named_and_the_others_read(tmp_path: Path) -> None:
    raw = save(tmp_path / "raw", good=GREY, objects=np.array([None]), empty=GREY[:0])
    whole = (raw / "good.npy").read_bytes()
    (raw / "cut.npy").write_bytes(whole[:-9])
    (raw / "text.npy").write_text("no array")
    (raw / "bad.npz").write_bytes(b"PK\3\4")
    (raw / "notes.txt").touch()
    (raw / "out.npy").symlink_to("/etc/hosts")
    (raw / "loop").symlink_to(raw)
    found = classified(raw)
    assert sorted(problem.source for problem in found.problems) == [
        "bad.npz", "cut.npy", "empty.npy", "objects.npy", "out.npy", "text.npy",
    ]  # fmt: skip
    assert len(found.samples) == 4
    assert any("notes.txt" in line for line in found.warnings)


def test_no_permission_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = save(tmp_path / "raw", benign=GREY, normal=GREY)
    open_path = Path.open

    def refusing(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == "benign.npy":  # a test that runs as root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return open_path(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", refusing)
    assert lines(classified(raw)) == ["benign.npy cannot be read: Permission denied"]


def test_names_of_all_kinds(tmp_path: Path) -> None:
    raw = tmp_path / "Brüste (2)" / "inner folder"
    raw.mkdir(parents=True)
    np.save(raw / "gut artig (ä).npy", GREY)
    np.save(raw / "normal.npy", GREY)
    found = classified(tmp_path / "Brüste (2)")
    assert found.problems == [] and found.facts.labels == ("gut artig (ä)", "normal")


def test_another_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        classified(tmp_path / "none")
    with pytest.raises(InputError, match=r"is empty; expected RAW/Input\.npy"):
        classified(tmp_path)
    (tmp_path / "benign").mkdir()
    Image.fromarray(GREY[0]).save(tmp_path / "benign" / "a.png")
    with pytest.raises(InputError, match=r"looks like .*, not the npy-arrays layout: expected RAW"):
        classified(tmp_path)


def test_the_sign_is_the_suffix(tmp_path: Path) -> None:
    assert sign(tmp_path, [PurePosixPath("a.png"), PurePosixPath("b/c.NPY")]) == "b/c.NPY"
    assert sign(tmp_path, [PurePosixPath("a.png")]) is None


def drained(found: Scan) -> None:
    """Reads everything; only what a person can mend may come out."""
    for sample in found.samples:
        sources: tuple[ImageSource | MaskSource, ...] = (sample.image, *sample.masks)
        for source in sources:
            try:
                source.read(sample.source)
            except (InputError, PictureError) as error:
                assert str(error)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["images.npy", "masks.npy", "target.npy", "all.npz"]),
    st.sampled_from(["classification", "segmentation"]),
    st.integers(0, 800),
    st.binary(max_size=20),
    st.integers(0, 20),
)
def test_damaged_files_give_samples_problems_or_a_message(
    tmp_path_factory: pytest.TempPathFactory,
    file: str,
    task: str,
    place: int,
    noise: bytes,
    gap: int,
) -> None:
    raw = tmp_path_factory.mktemp("raw")
    if file == "all.npz":
        np.savez_compressed(raw / file, images=GREY / 255, masks=MASKS, target=NAMES)
    else:
        save(raw, images=GREY[:, :8, :8] / 255, masks=MASKS[:, :8, :8], target=NAMES)
    whole = (raw / file).read_bytes()
    (raw / file).write_bytes(whole[:place] + noise + whole[place + gap :])
    try:
        drained(scan(raw, Request(task)))
    except InputError as error:
        assert str(error)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_arrays_give_samples_problems_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = tmp_path_factory.mktemp("raw")
    for name in ("images", "masks", "target", "patients"):
        dtype = data.draw(arrays.scalar_dtypes())
        shape = data.draw(arrays.array_shapes(max_dims=4, max_side=6))
        np.save(raw / f"{name}.npy", np.zeros(shape, dtype))
    for task in ("classification", "segmentation"):
        try:
            drained(scan(raw, Request(task, ("a", "b"))))
        except InputError as error:
            assert str(error)


def test_a_conversion_goes_on_without_broken_rows_where_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.random((24, 40, 48)).astype(np.float32)
    values[5, 3, 3] = np.nan
    target = np.eye(2)[np.arange(24) % 2]
    target[8] = 0
    raw = save(tmp_path / "raw", x=values, y=target)
    few = Options("classification", ("normal", "abnormal"), workers=1, folds=3)
    with pytest.raises(InputError) as caught:
        convert(raw, tmp_path / "out", "npy-arrays", few, say=lambda line: None)
    assert 'target "y.npy#8" holds 0, 0' in str(caught.value)
    assert 'image "x.npy#5" holds NaN' in str(caught.value)
    assert not (tmp_path / "out").exists()
    options = replace(few, skip_bad=True)
    made = convert(raw, tmp_path / "out", "npy-arrays", options, say=lambda line: None)
    assert len(made.dataset.items) == 22
    for category, image, label in written(tmp_path / "out").values():
        assert image.dtype == np.uint8 and label == ("normal", "abnormal").index(category)
    content = written(tmp_path / "out")["x.npy#7"][1]
    np.testing.assert_array_equal(content, np.rint(values[7] * 255))


def written(folder: Path) -> dict[str, tuple[str, NDArray[Any], NDArray[Any] | int]]:
    """The class, the image and the label of every item of a dataset, by source."""
    dataset = read(folder)
    found: dict[str, tuple[str, NDArray[Any], NDArray[Any] | int]] = {}
    for item in dataset.items:
        label = item["label"]
        content = pixels(folder / label) if isinstance(label, str) else label
        found[item["source"]] = (item["class"], pixels(folder / item["image"]), content)
    return found


def pixels(path: Path) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data"))
SIDE = 256  # the longest side of the real images: smaller ones are padded on the right and below


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "Dataset_BUSI_with_GT").is_dir(), reason="no real images here")
def test_the_real_images_to_arrays_and_back(tmp_path: Path) -> None:
    every = Options(task="segmentation", keep_conflicts=True)
    convert(REAL / "Dataset_BUSI_with_GT", tmp_path / "busi", options=every)
    before = list(written(tmp_path / "busi").values())
    assert len(before) == 662
    images = np.zeros((662, SIDE, SIDE), dtype=np.uint8)
    masks = np.zeros_like(images)
    for index, (_, image, mask) in enumerate(before):
        height, width = image.shape
        images[index, :height, :width] = image
        masks[index, :height, :width] = mask
    names = np.array([category for category, _, _ in before])

    rgb = np.stack([images] * 3, axis=-1)
    raw = save(tmp_path / "raw", Input=rgb, target=names, masks=masks * 255)
    convert(raw, tmp_path / "maps", "npy-arrays", every)
    after = written(tmp_path / "maps")
    for index, (category, image, mask) in enumerate(before):
        name, again, mask_again = after[f"Input.npy#{index}"]
        height, width = image.shape
        assert name == category and again.shape == (SIDE, SIDE)
        np.testing.assert_array_equal(again[:height, :width], image)
        np.testing.assert_array_equal(np.asarray(mask_again)[:height, :width], mask)
    np.testing.assert_array_equal([after[f"Input.npy#{i}"][1] for i in range(662)], images)

    (tmp_path / "zip").mkdir()
    indices = np.array([ORDER.index(name) for name in names])
    unit = (images / 255).astype(np.float32)
    np.savez_compressed(
        tmp_path / "zip" / "busi.npz", x=np.asfortranarray(unit), y=np.eye(3)[indices]
    )
    options = Options(task="classification", classes=ORDER, keep_conflicts=True)
    convert(tmp_path / "zip", tmp_path / "classes", "npy-arrays", options)
    assert tuple(read(tmp_path / "classes").labels.values()) == ORDER
    found = written(tmp_path / "classes")
    for index, (category, _, _) in enumerate(before):
        name, again, label = found[f"busi.npz/x.npy#{index}"]
        assert name == category and label == ORDER.index(category)
        np.testing.assert_array_equal(again, images[index])
