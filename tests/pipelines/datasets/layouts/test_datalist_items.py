from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.layouts.datalist_file import Datalist
from pipelines.datasets.layouts.datalist_items import (
    Entries,
    file_below,
    read_entries,
    task_of_labels,
)
from pipelines.errors import InputError


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    (folder / "images").mkdir(parents=True)
    for name in ("a.png", "b (1) é.png", "c.nii.gz", "notes.txt"):
        (folder / "images" / name).touch()
    nib.save(nib.Nifti1Image(np.zeros((4, 5), np.uint8), None), folder / "images" / "c.nii.gz")  # type: ignore[attr-defined]
    (tmp_path / "out.png").touch()
    (folder / "images" / "link.png").symlink_to(tmp_path / "out.png")
    return folder


def entries(raw: Path, *training: Any, **sections: list[Any]) -> Entries:
    content = {"training": list(training), **sections}
    return read_entries(raw, Datalist(raw / "list.json", content, {}))


def problem(raw: Path, item: Any) -> str:
    found = entries(raw, item)
    assert not found.entries and len(found.problems) == 1
    line = found.problems[0].line
    assert line.startswith("list.json: training[0] ") and "\n" not in line
    return line.removeprefix("list.json: training[0] ")


def test_good_entries(raw: Path) -> None:
    found = entries(
        raw,
        {"image": "./images/a.png", "label": 1, "fold": 2, "device": "X", "age": 7, "group": "g1"},
        {"image": "images/b (1) é.png", "label": "benign", "patient_id": 1600, "more": [1]},
        validation=[{"image": "images/c.nii.gz", "class": "x", "spacing": [0.1, 2]}],
        test=["images/a.png"],
    )
    first, second, third = found.entries
    assert str(first.image) == "images/a.png" and (first.group, first.patient) == ("g1", False)
    assert first.columns == {"device": "X", "age": "7", "source_fold": "2"}
    assert second.patient and str(second.group).startswith("p") and second.columns == {}
    assert (third.part, third.category, third.spacing) == ("validation", "x", (0.1, 2.0))
    assert found.parts == {"train", "validation"} and found.folds
    assert found.unlabelled == ["test[0]"] and list(found.dropped) == ['"more"']
    assert not found.problems
    assert found.named == {"images/a.png", "images/b (1) é.png", "images/c.nii.gz", "benign"}


@pytest.mark.parametrize(
    ("items", "task"),
    [
        ([{"image": "a.png", "label": "m.PNG"}], "segmentation"),
        (["a.png", {"image": "a.png", "label": "m.nii.gz", "class": "x"}], "segmentation"),
        ([{"image": "a.png", "label": 0}], "classification"),
        ([{"image": "a.png"}, {"image": "b.png", "label": "benign"}], "classification"),
        ([{"image": "a.png", "class": "benign"}], "classification"),
        ([{"image": "a.png", "label": [0, 1]}], "classification"),
        ([{"image": "a.png"}, 7, None], None),
        ([], None),
    ],
)
def test_the_first_label_tells_the_task(items: list[Any], task: str | None) -> None:
    assert task_of_labels(Datalist(Path("list.json"), {"training": items}, {})) == task


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (3, "is 3; expected an object"),
        (None, "is null; expected an object"),
        ({}, 'has no "image"; give one'),
        ({"label": 1}, "has no image for its label"),
        ({"image": "images/a.png"}, 'names the image "images/a.png" without a label'),
        ("images/a.png", "without a label"),
        ({"image": 7, "label": 1}, "has the image 7; expected the path of one file"),
        ({"image": ["images/a.png"], "label": 1}, "expected the path of one file"),
        ({"image": " ", "label": 1}, "expected the path of one file"),
        ({"image": "../out.png", "label": 1}, 'the image "../out.png"; expected a path below'),
        ({"image": "/etc/hostname", "label": 1}, "expected a path below the raw folder"),
        ({"image": "images\\a.png", "label": 1}, "with forward slashes"),
        ({"image": "C:/a.png", "label": 1}, "expected a path below the raw folder"),
        ({"image": "images/link.png", "label": 1}, "a link that leads out of the raw folder"),
        ({"image": "images/none.png", "label": 1}, "which does not exist"),
        ({"image": "images", "label": 1}, "which does not exist"),
        ({"image": "a\0.png", "label": 1}, "control characters"),
        ({"image": "a" * 5000, "label": 1}, "which does not exist"),
        ({"image": "\ud800.png", "label": 1}, "expected the path of one file"),
        ({"image": "images/notes.txt", "label": 1}, "neither a picture nor NIfTI"),
        ({"image": "images/a.png", "label": 1, "group": [1]}, "has the group [1]; expected a text"),
        ({"image": "images/a.png", "label": 1, "class": True}, "has the class true"),
        ({"image": "images/a.png", "label": 1, "spacing": [0, 1]}, "has the spacing [0, 1]"),
    ],
)  # fmt: skip
def test_broken_entries_are_named(raw: Path, item: Any, words: str) -> None:
    assert words in problem(raw, item)


def test_one_image_twice(raw: Path) -> None:
    item = {"image": "images/a.png", "label": 1}
    found = entries(raw, item, {"image": "./images//a.png", "label": 1})
    assert [(each.source, each.line) for each in found.problems] == [
        (
            "training[1]",
            'list.json: training[0] and training[1] name the same image "images/a.png"; take one '
            "out",
        )
    ]
    assert [each.where for each in found.entries] == ["training[0]"]


def test_one_image_twice_with_a_contradiction_is_no_entry(raw: Path) -> None:
    item = {"image": "images/a.png", "label": 1}
    found = entries(raw, item, {**item, "label": 0}, testing=[item])
    assert [(each.source, each.line) for each in found.problems] == [
        (
            "images/a.png",
            "list.json: training[0] and training[1] and testing[0] name the same image "
            '"images/a.png", and contradict one another in their labels (0, 1) and their parts '
            "(test, train); keep the one that is right",
        )
    ]
    assert found.entries == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["images/a.png", "images/link.png", "../out.png", "images/c.nii.gz"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
KEYS = st.sampled_from(
    ["image", "label", "class", "group", "patient", "fold", "source", "spacing", "part", "x", ""]
)


@given(items=st.lists(VALUES | st.dictionaries(KEYS, VALUES), max_size=4))
def test_any_json_gives_entries_or_problems(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "a.png").touch()
    (folder / "images" / "c.nii.gz").touch()
    found = entries(folder, *items)
    assert len(found.entries) + len(found.problems) == len(items)
    for each in found.entries:
        assert (folder / each.image).is_file()
        assert all(isinstance(value, str) for value in each.columns.values())
    assert all("\n" not in each.line for each in found.problems)


@given(name=st.text())
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        path = file_below(folder, name, "image")
    except InputError:
        return
    assert (folder / path).resolve().is_relative_to(folder.resolve())
