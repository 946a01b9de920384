from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.dataset import verify
from pipelines.datasets.layouts.datalist import scan, sign, told_task
from pipelines.datasets.layouts.sample import Request
from pipelines.datasets.layouts.signs import fitting
from pipelines.errors import InputError

BINARY = {"0": "background", "1": "tumour"}
PLANES = {"0": "head", "1": "femur"}


def asked(task: str, classes: tuple[str, ...] = (), **options: Any) -> Request:
    return Request(task, classes, {}, options)


def indices(most: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, most + 1, (6, 9)).astype(np.uint8)


def laid(folder: Path, items: list[Any], most: int = 1, **content: Any) -> Path:
    """Writes a datalist, with a picture for each image and mask that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    for section in (items, *(each for each in content.values() if isinstance(each, list))):
        for item in section:
            for key in ("image", "label"):
                name = item.get(key) if isinstance(item, dict) else None
                if isinstance(name, str) and name.endswith(".png"):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    values = indices(most) if key == "label" else indices(200)
                    Image.fromarray(values).save(folder / name)
    (folder / "list.json").write_text(json.dumps({**content, "training": items}))
    return folder


def masked(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"image": f"im/{name}.png", "label": f"la/{name}.png", **more} for name in names]


def test_a_decathlon_list(tmp_path: Path) -> None:
    laid(
        tmp_path, masked("a (2)", "a (10)", fold=1), validation=masked("é"), name="BUSI / x",
        modality={"0": "US"}, labels=BINARY, licence="CC", reference="me", test=["./im/none.png"],
    )  # fmt: skip
    found = scan(tmp_path, asked("segmentation"))
    assert [(each.source, each.part) for each in found.samples] == [
        ("im/a (2).png", "train"), ("im/a (10).png", "train"), ("im/é.png", "validation"),
    ]  # fmt: skip
    facts = found.facts
    assert (facts.name, facts.modality, facts.labels) == ("busi-x", "US", ("background", "tumour"))
    assert (facts.licence, facts.reference, facts.channels) == ("CC", "me", 1)
    assert found.samples[0].columns == {"source_fold": "1"}
    np.testing.assert_array_equal(found.samples[0].masks[0].read("m"), indices())
    assert len(found.warnings) == 2
    (tmp_path / "im" / "more.png").write_bytes((tmp_path / "im" / "é.png").read_bytes())
    assert scan(tmp_path, asked("segmentation")).warnings[2] == (
        '1 pictures are not in the list, such as "im/more.png"; left aside'
    )
    assert "made anew" in found.warnings[0] and "(test[0], …)" in found.warnings[1]


def test_classes_order_the_indices_anew(tmp_path: Path) -> None:
    labels = {"0": "background", "1": "a", "2": "b"}
    laid(tmp_path, masked("x"), most=2, labels=labels)
    found = scan(tmp_path, asked("segmentation", ("background", "b", "a")))
    assert found.facts.labels == ("background", "b", "a")
    expected = np.array([0, 2, 1], dtype=np.uint8)[indices(2)]
    np.testing.assert_array_equal(found.samples[0].masks[0].read("m"), expected)
    with pytest.raises(InputError, match=r"--classes names b, c, but the labels of .* are backgr"):
        scan(tmp_path, asked("segmentation", ("b", "c")))


def test_masks_without_labels(tmp_path: Path) -> None:
    laid(tmp_path, masked("x", patient="Meier"), most=2)
    with pytest.raises(InputError, match="--classes background,class1,class2"):
        scan(tmp_path, asked("segmentation"))
    found = scan(tmp_path, asked("segmentation", ("background", "a", "b")))
    assert "Meier" not in repr(found.samples[0]) and "patient ids" in found.facts.grouping


@pytest.mark.parametrize("label", [1, "1", "femur", 1.0, [0, 1], [0.0, 1.0]])
def test_classes_by_index_name_or_one_hot(tmp_path: Path, label: Any) -> None:
    items = [{"image": "a.png", "label": label}, {"image": "b.png", "label": 0}]
    laid(tmp_path, items, labels=PLANES)
    found = scan(tmp_path, asked("classification"))
    assert not found.problems
    assert found.facts.labels == ("head", "femur")
    assert {each.source: each.category for each in found.samples} == {
        "a.png": "femur", "b.png": "head",
    }  # fmt: skip
    turned = scan(tmp_path, asked("classification", ("femur", "head")))
    assert turned.facts.labels == ("femur", "head")
    assert {each.category for each in turned.samples} == {"femur", "head"}


def test_indices_without_names_need_classes(tmp_path: Path) -> None:
    laid(tmp_path, [{"image": f"{index}.png", "label": index % 2} for index in range(4)])
    with pytest.raises(InputError, match="--classes"):
        scan(tmp_path, asked("classification"))
    found = scan(tmp_path, asked("classification", ("normal", "benign")))
    assert [each.category for each in found.samples] == ["benign", "benign", "normal", "normal"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"label": 7}, "has the label 7; the labels of the list are 0 head, 1 femur"),
        ({"label": True}, "has the label true; expected a class index or name"),
        ({"label": 0.5}, "has the label 0.5; expected a class"),
        ({"label": [1, 1]}, "expected zeros and a single 1"),
        ({"label": []}, "expected zeros and a single 1"),
        ({"label": ""}, "has an empty label"),
        ({"label": "femurr"}, "did you mean"),
        ({"label": "m.png"}, "convert with --task segmentation"),
        ({"label": 0, "class": "femur"}, "has the label 0 (head), but the class"),
    ],
)
def test_wrong_classes_are_problems(tmp_path: Path, item: dict[str, Any], words: str) -> None:
    good = [{"image": f"{index}.png", "label": index % 2} for index in range(4)]
    laid(tmp_path, [*good, {"image": "bad.png", **item}], labels=PLANES)
    found = scan(tmp_path, asked("classification"))
    (problem,) = found.problems
    assert words in problem.line and 'list.json: training[4] ("bad.png")' in problem.line
    assert len(found.samples) == 4 and problem.source == "bad.png"


def test_wrong_masks_are_problems(tmp_path: Path) -> None:
    items = [
        *masked("good"),
        {"image": "a.png", "label": 3},
        {"image": "b.png", "label": "b.png"},
        {"image": "c.png", "label": "none.png"},
        {"image": "d.png", "label": "../d.png"},
        {"image": "e.png", "label": "list.json"},
        {"image": "f.png", "class": "masks", "label": "la/good.png"},
    ]
    laid(tmp_path, items)
    (tmp_path / "none.png").unlink()
    (tmp_path.parent / "d.png").unlink()
    told = [each.line for each in scan(tmp_path, asked("segmentation")).problems]
    for line, words in zip(
        told,
        (
            "has the label 3; a segmentation expects a mask's path",
            "names one file as image and label",
            'names the label "none.png", which does not exist',
            'names the label "../d.png"; expected a path below',
            'names the label "list.json", which is neither',
            'the class "masks" has a reserved name',
        ),
        strict=True,
    ):
        assert words in line


def test_the_task_that_fits_is_named(tmp_path: Path) -> None:
    laid(tmp_path, [{"image": "a.png", "label": 0}], labels=PLANES)
    with pytest.raises(InputError, match=r"are no masks .* --task classification"):
        scan(tmp_path, asked("segmentation"))
    laid(tmp_path, [])
    with pytest.raises(InputError, match="lists no images with labels"):
        scan(tmp_path, asked("segmentation"))


def test_a_task_that_contradicts_is_refused_in_one_line(tmp_path: Path) -> None:
    laid(tmp_path, masked("a", "b", "c"))
    with pytest.raises(InputError) as caught:
        scan(tmp_path, asked("classification"))
    assert str(caught.value) == (
        f'the labels of {tmp_path}/list.json are masks (training[0] has "la/a.png"), and no entry '
        'has a "class", which a classification cannot learn from; convert it with --task '
        "segmentation"
    )
    laid(tmp_path, masked("a", "b", "c", **{"class": "image"}))
    with pytest.raises(InputError, match=r'all have the class "image".* --task segmentation$'):
        scan(tmp_path, asked("classification"))
    items = [{"image": f"{name}.png", "label": name} for name in ("head", "femur")]
    laid(tmp_path, items)
    with pytest.raises(
        InputError, match=r'\(training\[0\] has "head"\); .* --task classification$'
    ):
        scan(tmp_path, asked("segmentation"))


def test_the_list_says_its_task(tmp_path: Path) -> None:
    laid(tmp_path, masked("a"))
    assert told_task(tmp_path, {}) == "segmentation"
    laid(tmp_path, masked("a", **{"class": "x"}), task="classification")
    assert told_task(tmp_path, {}) == "classification"
    laid(tmp_path, [{"image": "a.png", "label": 1}], task="diagnosis")
    assert told_task(tmp_path, {}) == "classification"
    (tmp_path / "other.json").write_text('{"training": []}')
    with pytest.raises(InputError, match="several datalists"):
        told_task(tmp_path, {})
    assert told_task(tmp_path, {"json_file": "other.json"}) is None


def test_a_bare_list(tmp_path: Path) -> None:
    items = masked("a", "b", patient="P7")
    laid(tmp_path / "raw" / "inner", items)
    (tmp_path / "raw" / "inner" / "list.json").write_text(json.dumps(items))
    found = scan(tmp_path / "raw", asked("segmentation"))
    assert [each.source for each in found.samples] == ["im/a.png", "im/b.png"]
    assert found.samples[0].group == found.samples[1].group is not None
    inner = tmp_path / "raw" / "inner"
    assert found.root == inner
    assert found.warnings == [f"reading {inner}, the only folder in {tmp_path / 'raw'}"]
    (layout, evidence), *others = fitting(inner)
    assert (layout.name, evidence, others) == ("datalist", "list.json", [])


@pytest.mark.parametrize("kind", ["png", "nifti"])
@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_a_dataset_goes_round(
    tmp_path: Path, texture: Callable[..., np.ndarray], task: str, kind: str
) -> None:
    items = []
    (tmp_path / "raw").mkdir()
    for number in range(12):
        deep = texture(number).astype(np.uint16) * 200
        Image.fromarray(deep).save(tmp_path / "raw" / f"i{number}.png")
        Image.fromarray(texture(99 + number) // 128).save(tmp_path / "raw" / f"m{number}.png")
        named = "well" if number % 2 else "ill"
        label = named if task == "classification" else f"m{number}.png"
        items.append({
            "image": f"i{number}.png", "label": label, "class": named, "patient": number // 2,
            "part": "test" if number > 7 else "train", "spacing": [0.5, 0.25],
            "device": f"d{number}",
        })  # fmt: skip
    (tmp_path / "raw" / "list.json").write_text(json.dumps({"training": items, "licence": "CC"}))
    raw = tmp_path / "raw"
    options = Options(folds=3, workers=1, kind=kind, keep_split=True, layout={"modality": "OCT"})
    before = convert(raw, tmp_path / "one", "datalist", options).dataset
    again = Options(folds=3, workers=1, kind=kind, keep_split=True)
    after = convert(tmp_path / "one", tmp_path / "two", "datalist", again).dataset
    for key in ("task", "labels", "modality", "licence", "channels", "name"):
        assert getattr(before, key) == getattr(after, key), key
    assert before.task == task and before.modality == {"0": "OCT"}
    assert (len(after.items), len(after.testing)) == (8, 4)
    found = {item["source"]: item for item in (*after.items, *after.testing)}
    groups: dict[str, set[str]] = {}
    for item in (*before.items, *before.testing):
        other = found.pop(item["image"])
        for key in item.keys() - {"image", "group", "fold", "source"}:
            if key != "label" or task == "classification":
                assert item[key] == other[key], key
        assert other["origin"] == item["source"] and "device" in item and "spacing" in item
        groups.setdefault(item["group"], set()).add(other["group"])
    assert not found and len(groups) == 6 and all(len(each) == 1 for each in groups.values())


def test_our_own_dataset(tmp_path: Path) -> None:
    item = {
        "image": "images/b_0001.png", "label": "masks/b_0001.png", "class": "benign",
        "group": "g0132", "fold": 0, "source": "benign/b (1).png", "sha256": "0",
        "label_sha256": "0", "width": 9, "height": 6, "flags": "colour", "spacing": [0.2, 0.1],
        "device": "X",
    }  # fmt: skip
    laid(
        tmp_path, [item], labels=BINARY, channels=3, colours=[[0, 0, 0], [255, 0, 0]],
        source={"grouping": "patient ids of the data"}, task="segmentation",
    )  # fmt: skip
    found = scan(tmp_path, asked("segmentation"))
    (sample,) = found.samples
    assert (sample.category, sample.group, sample.part) == ("benign", "g0132", None)
    assert sample.columns == {"device": "X", "source_fold": "0", "origin": "benign/b (1).png"}
    assert sample.image.read("image").spacing == (0.2, 0.1)
    assert found.facts.grouping == "patient ids of the data"
    assert (found.facts.channels, found.facts.colours) == (3, ((0, 0, 0), (255, 0, 0)))
    assert len(found.warnings) == 1
    laid(tmp_path, [item], labels=BINARY, test=[{**item, "image": "images/t.png"}])
    assert scan(tmp_path, asked("segmentation")).warnings[1] == (
        "1 of 2 images of list.json are of its test part; unless --keep-split is given, they go "
        "into the folds with the others"
    )
    laid(
        tmp_path, [item], labels=BINARY, colours=[[0, 0, 0], [255, 0, 0]], task="segmentation",
    )  # fmt: skip
    turned = scan(tmp_path, asked("segmentation", ("tumour", "background")))
    assert turned.facts.colours == ((255, 0, 0), (0, 0, 0))


def test_a_dataset_folder_is_converted_again(
    tmp_path: Path, texture: Callable[..., np.ndarray]
) -> None:
    for number in range(6):
        item = f"{'ab'[number % 2]}/t ({number}) é.png"
        for part, picture in (
            ("images", Image.fromarray(np.stack([texture(3 * number + c) for c in range(3)], -1))),
            ("masks", Image.fromarray(texture(99 + number) // 64, "P")),
        ):
            if part == "masks":
                picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
            (tmp_path / "raw" / part / item[0]).mkdir(parents=True, exist_ok=True)
            picture.save(tmp_path / "raw" / part / item)
    options = Options(
        task="segmentation", classes=("background", "x", "y", "z"), folds=3, workers=1
    )
    one = convert(tmp_path / "raw", tmp_path / "one", "image-mask-folders", options).dataset
    again = Options(task="segmentation", folds=3, workers=1)
    two = convert(tmp_path / "one", tmp_path / "two", "datalist", again).dataset
    verify(two)
    assert (two.labels, two.channels, two.colours) == (one.labels, 3, one.colours)
    assert len(two.colours) == 4 and "no patient ids" in two.source["grouping"]
    for before, after in zip(one.items, two.items, strict=True):
        for key in ("sha256", "label_sha256", "class", "width", "height"):
            assert before[key] == after[key]
        assert after["origin"] == before["source"]
    options = Options(task="classification", folds=3, workers=1)
    three = convert(tmp_path / "one", tmp_path / "three", "datalist", options).dataset
    assert three.labels == {"0": "a", "1": "b"}
    four = convert(tmp_path / "three", tmp_path / "four", "datalist", options).dataset
    assert [each["label"] for each in four.items] == [each["label"] for each in three.items]


def test_nifti_images_and_masks(tmp_path: Path) -> None:
    for name, values in (("i.nii.gz", indices(200)), ("m.nii", indices())):
        nib.save(nib.Nifti1Image(values.T, np.diag([-1, -1, 1, 1])), tmp_path / name)  # type: ignore[attr-defined]
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.eye(4)), tmp_path / "v.nii")  # type: ignore[attr-defined]
    items = [{"image": "i.nii.gz", "label": "m.nii"}, {"image": "v.nii", "label": "m.nii"}]
    laid(tmp_path, items, labels=BINARY)
    found = scan(tmp_path, asked("segmentation"))
    (sample,) = found.samples
    np.testing.assert_array_equal(sample.masks[0].read("m"), indices())
    np.testing.assert_array_equal(sample.image.read("i").pixels, indices(200))
    assert "v.nii" in found.problems[0].line and "med2d convert nifti" in found.problems[0].line


def test_sign(tmp_path: Path) -> None:
    laid(tmp_path, masked("a"))
    assert sign(tmp_path, [PurePosixPath("im/a.png"), PurePosixPath("list.json")]) == "list.json"
    (tmp_path / "list.json").write_text("{}")
    assert sign(tmp_path, [PurePosixPath("list.json"), PurePosixPath("gone.json")]) is None
    laid(tmp_path / "in", masked("a"))
    inner = [PurePosixPath("in/im/a.png"), PurePosixPath("in/list.json")]
    assert sign(tmp_path, inner) == "in/list.json"
    assert sign(tmp_path, [*inner, PurePosixPath("b.png")]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["a.png", "m.png", "0", "1", "head"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
ITEMS = st.dictionaries(st.sampled_from(["image", "label", "class", "group", "fold", "x"]), JSON)
TOPS = st.dictionaries(
    st.sampled_from(
        ["labels", "modality", "name", "source", "channels", "colours", "test", "validation"]
    ),
    JSON,
)


@settings(deadline=None)
@given(
    items=st.lists(ITEMS | JSON, max_size=3),
    top=TOPS,
    task=st.sampled_from(["segmentation", "classification"]),
)
def test_any_list_gives_a_scan_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any], top: dict[str, Any], task: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-list"
    folder.mkdir(exist_ok=True)
    for name in ("a.png", "m.png"):
        if not (folder / name).exists():
            Image.fromarray(indices()).save(folder / name)
    (folder / "list.json").write_text(json.dumps({**top, "training": items}))
    try:
        found = scan(folder, asked(task))
    except InputError as error:
        assert str(error)
        return
    assert found.samples or found.problems


@settings(deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_give_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-bytes"
    folder.mkdir(exist_ok=True)
    (folder / "list.json").write_bytes(b'{"training": [' + data)
    with pytest.raises(InputError):
        scan(folder, asked("segmentation"))
