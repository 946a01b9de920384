from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monai.data import load_decathlon_datalist

from pipelines.datasets.dataset import Dataset, digest, load, parts, read, write
from pipelines.errors import InputError


def make(folder: Path, count: int = 6, folds: int = 3) -> Dataset:
    items = []
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for index in range(count):
        name = f"benign_{index + 1:04d}.png"
        for part in ("images", "masks"):
            (folder / part / name).write_bytes(b"x")
        items.append(
            {
                "image": f"images/{name}",
                "label": f"masks/{name}",
                "class": "benign",
                "group": f"g{index + 1:04d}",
                "fold": index % folds,
                "source": f"benign/benign ({index + 1}).png",
                "sha256": "a" * 64,
                "label_sha256": "b" * 64,
                "width": 5,
                "height": 4,
            }
        )
    return Dataset(
        folder=folder,
        name="busi",
        task="segmentation",
        modality={"0": "US"},
        labels={"0": "background", "1": "tumour"},
        licence="",
        reference="",
        channels=1,
        source={"layout": "busi"},
        items=tuple(items),
    )


@pytest.fixture
def made(tmp_path: Path) -> Dataset:
    dataset = make(tmp_path / "données (1)")
    write(dataset)
    return dataset


def edit(made: Dataset, **changes: Any) -> None:
    """Changes keys of the file; those of the first item are written as item_KEY."""
    path = made.folder / "dataset.json"
    content = json.loads(path.read_text())
    for key, value in changes.items():
        target = content["training"][0] if key.startswith("item_") else content
        key = key.removeprefix("item_")
        if value is None:
            del target[key]
        else:
            target[key] = value
    path.write_text(json.dumps(content))


def test_reads_what_was_written(made: Dataset) -> None:
    assert read(made.folder) == made
    assert read(str(made.folder)).folds == [0, 1, 2]
    assert read(made.folder).classes == ["benign"]
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "dataset.json",
        "images",
        "masks",
    ]


def test_load_takes_what_read_refuses_of_files_groups_and_folds(made: Dataset) -> None:
    assert load(made.folder) == made
    (made.folder / "images" / "benign_0001.png").unlink()
    edit(made, item_group="g0002", item_fold=7)
    with pytest.raises(InputError):
        read(made.folder)
    assert load(made.folder).items[0]["fold"] == 7


def test_load_refuses_what_is_no_dataset(made: Dataset) -> None:
    edit(made, item_label=None)
    with pytest.raises(InputError, match=r'training\[0\] lacks the key "label"'):
        load(made.folder)
    edit(made, training=[])
    with pytest.raises(InputError, match="has no items in training"):
        load(made.folder)
    edit(made, source={"leaky": 1})
    with pytest.raises(InputError):
        load(made.folder)


def test_the_file_has_the_keys_of_the_contract_in_order(made: Dataset) -> None:
    content = json.loads((made.folder / "dataset.json").read_text(encoding="utf-8"))
    assert list(content) == [
        "name", "task", "modality", "labels", "licence", "reference", "channels", "source",
        "training",
    ]  # fmt: skip


def test_monai_reads_it_and_makes_paths_of_the_files_alone(made: Dataset) -> None:
    loaded = load_decathlon_datalist(made.folder / "dataset.json", True, "training")
    for item, plain in zip(loaded, made.items, strict=True):
        assert item["image"] == made.resolved(plain)["image"]
        assert item["label"] == made.resolved(plain)["label"]
        others = set(plain) - {"image", "label"}
        assert {key: item[key] for key in others} == {key: plain[key] for key in others}


def test_resolved_gives_absolute_paths_and_an_id(made: Dataset) -> None:
    item = made.resolved(made.items[0])
    assert Path(item["image"]).is_absolute() and Path(item["label"]).is_file()
    assert item["id"] == "benign_0001"
    assert made.items[0]["image"] == "images/benign_0001.png"
    assert made.resolved({**made.items[0], "label": 1})["label"] == 1


@given(st.integers(3, 8), st.data())
def test_parts_follow_the_protocol(folds: int, data: st.DataObject) -> None:
    items = tuple({"fold": index % folds, "number": index} for index in range(3 * folds))
    dataset = Dataset(Path("/d"), "n", "segmentation", {}, {}, "", "", 1, {}, items)
    fold = data.draw(st.integers(0, folds - 1))
    train, validation, scored = parts(dataset, fold)
    assert {item["fold"] for item in scored} == {fold}
    assert {item["fold"] for item in validation} == {(fold + 1) % folds}
    numbers = [item["number"] for item in train + validation + scored]
    assert sorted(numbers) == list(range(3 * folds))
    assert [item["number"] for item in train] == sorted(item["number"] for item in train)


def test_parts_refuse_a_fold_that_does_not_exist(made: Dataset) -> None:
    with pytest.raises(InputError, match="fold 7 does not exist; this dataset has the folds 0 to"):
        parts(made, 7)
    two = replace(made, items=tuple(item for item in made.items if item["fold"] < 2))
    with pytest.raises(InputError, match="2 folds; training needs at least 3"):
        parts(two, 0)


def test_digest_follows_the_content_not_the_place(made: Dataset, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(made.folder, moved)
    assert digest(read(moved)) == digest(made)
    assert digest(replace(made, source={"med2d": "9"})) == digest(made)
    edit(made, item_sha256="c" * 64)
    assert digest(read(made.folder)) != digest(read(moved))
    edit(read(moved), item_fold=1)
    assert digest(read(moved)) != digest(made)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"labels": None}, 'lacks the key "labels"'),
        ({"labels": ["background"]}, '"labels" is ["background"]; expected an object of texts'),
        ({"task": "drawing"}, '"task" is "drawing"; expected segmentation or classification'),
        ({"channels": 0}, '"channels" is 0; expected a whole number from 1'),
        ({"training": {}}, '"training" is {}; expected a list'),
        ({"training": []}, "has no items in training"),
        ({"training": [3]}, "training[0] is 3; expected an object"),
        ({"item_group": None}, 'training[0] lacks the key "group"'),
        ({"item_label_sha256": None}, 'training[0] lacks the key "label_sha256"'),
        ({"item_fold": "0"}, 'training[0]: "fold" is "0"; expected a whole number from 0'),
        ({"item_fold": True}, '"fold" is true'),
        ({"item_fold": 1.0}, '"fold" is 1.0'),
        ({"item_width": -1}, '"width" is -1; expected a whole number from 1'),
        ({"item_label": 1}, "segmentation expects a mask's path"),
        ({"item_label": "masks/none.png"}, '"label" names masks/none.png, which does not exist'),
        ({"item_image": "images"}, '"image" names images, which does not exist'),
        ({"item_image": "/etc/hostname"}, "expected a path inside the folder"),
        ({"item_image": "images\\a.png"}, "with forward slashes"),
        ({"item_image": "images/../../a.png"}, "expected a path inside the folder"),
        ({"item_image": "images/benign_0002.png"}, "training[0] and training[1] name the same"),
        ({"item_group": "g0002"}, "group g0002 stands in fold 0 and in 1"),
        ({"item_fold": 4}, "the folds are 0, 1, 2, 4; expected 0, 1, 2, … without a gap"),
        ({"item_class": "images"}, '"class" is "images", which is also the name of an entry'),
        ({"item_spacing": [0.1]}, "two numbers above 0: millimetres per pixel, row and column"),
        ({"item_spacing": [0.1, 0]}, "two numbers above 0"),
        ({"item_part": 3}, '"part" is 3; expected a text'),
        ({"colours": [[0, 0, 256]]}, '"colours" is [[0, 0, 256]]; expected a list of colours'),
        ({"item_site": ""}, '"site" is "", which is also the name of an entry'),
        ({"item_site": "images"}, '"site" is "images", which is also the name'),
        ({"testing": 3}, '"testing" is 3; expected a list'),
        ({"testing": [{}]}, 'testing[0] lacks the key "image"'),
    ],
)  # fmt: skip
def test_read_refuses(made: Dataset, changes: dict[str, Any], expected: str) -> None:
    edit(made, **changes)
    with pytest.raises(InputError) as caught:
        read(made.folder)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_group_must_not_stand_in_training_and_testing(made: Dataset) -> None:
    item = {key: value for key, value in made.items[0].items() if key != "fold"}
    (made.folder / "images" / "t.png").touch()
    item["image"] = "images/t.png"
    other = replace(made, testing=({**item, "group": "t1"},))
    write(other)
    assert read(made.folder) == other
    with pytest.raises(InputError, match="stands in fold 0 and in testing"):
        write(replace(made, testing=(item,)))


def test_a_group_may_stand_in_two_folds_only_where_that_is_marked(made: Dataset) -> None:
    edit(made, item_group="g0002")
    with pytest.raises(InputError, match="make the folds anew by med2d split"):
        read(made.folder)
    edit(made, source={"leaky": False})
    with pytest.raises(InputError, match="must stay on one side"):
        read(made.folder)
    edit(made, source={"leaky": True})
    assert read(made.folder).leaky
    edit(made, item_fold=5)
    with pytest.raises(InputError, match="without a gap"):
        read(made.folder)
    edit(made, source={"leaky": 1})
    with pytest.raises(InputError, match='"leaky" of "source" is 1; expected true or false'):
        read(made.folder, folds=False)


def test_folds_may_be_let_pass_and_nothing_else(made: Dataset) -> None:
    edit(made, item_fold=None)
    with pytest.raises(InputError, match='lacks the key "fold"'):
        read(made.folder)
    assert "fold" not in read(made.folder, folds=False).items[0]
    edit(made, item_class=None)
    with pytest.raises(InputError, match='lacks the key "class"'):
        read(made.folder, folds=False)


def test_the_digest_knows_a_leaky_split(made: Dataset) -> None:
    assert digest(replace(made, source={"leaky": True})) != digest(made)
    assert digest(replace(made, source={"leaky": False})) == digest(made)


def test_classification_takes_class_indices(made: Dataset) -> None:
    items = tuple({**item, "label": 1} for item in made.items)
    write(replace(made, task="classification", items=items))
    assert read(made.folder).items[0]["label"] == 1
    with pytest.raises(InputError, match='"label" is 2; the labels are 0, 1'):
        write(replace(made, items=({**items[0], "label": 2},), task="classification"))


def test_read_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(
        InputError, match=r"has no dataset.json; make one with med2d convert LAYOUT RAW"
    ):
        read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file; expected a dataset folder"):
        read(tmp_path / "file")


@pytest.mark.parametrize("text", ['{"name": "busi",\n}', "", "[" * 3])
def test_read_places_the_fault_in_broken_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"is not JSON: .* at line \d, column \d"):
        read(tmp_path)


def test_read_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "dataset.json").write_text("[1]")
    with pytest.raises(InputError, match=r"is \[1\]; expected an object"):
        read(tmp_path)


def test_a_failed_write_keeps_the_old_file(made: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (made.folder / "dataset.json").read_bytes()

    def fail(*_: object) -> Iterator[str]:
        yield "{"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json.JSONEncoder, "iterencode", fail)
    with pytest.raises(OSError, match="No space"):
        write(replace(made, name="other"))
    assert (made.folder / "dataset.json").read_bytes() == before
    assert not list(made.folder.glob(".*"))


def test_colours_spacing_and_columns_are_kept(made: Dataset) -> None:
    items = [dict(item) for item in made.items]
    items[0] |= {"spacing": [0.5, 0.25], "part": "train", "site": "A"}
    dataset = replace(made, items=tuple(items), colours=((0, 0, 0), (255, 128, 0)))
    write(dataset)
    assert read(made.folder) == dataset
    loaded = load_decathlon_datalist(made.folder / "dataset.json", True, "training")
    assert loaded[0]["spacing"] == [0.5, 0.25] and loaded[0]["site"] == "A"


def test_the_id_of_a_nifti_is_its_bare_name(made: Dataset) -> None:
    assert made.resolved({**made.items[0], "image": "images/a.b.nii.gz"})["id"] == "a.b"


def test_an_editors_mark_is_passed_over_and_deep_nesting_refused(
    busi_dataset: Path, tmp_path: Path
) -> None:
    text = (busi_dataset / "dataset.json").read_text(encoding="utf-8")
    (tmp_path / "dataset.json").write_text(text, encoding="utf-8-sig")
    assert load(tmp_path).items == load(busi_dataset).items
    (tmp_path / "dataset.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="nested too deeply"):
        load(tmp_path)
