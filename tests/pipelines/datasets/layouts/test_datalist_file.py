from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.layouts.datalist_file import (
    datalist_folder,
    find_datalist,
    looks_like_datalist,
)
from pipelines.errors import InputError


def wrote(folder: Path, content: Any, name: str = "datalist.json") -> Path:
    folder.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_only_list_is_found(tmp_path: Path) -> None:
    wrote(tmp_path, {"imagePath": "a.png", "shapes": []}, "labelme.json")
    wrote(tmp_path, "[1, 2]", "numbers.json")
    wrote(tmp_path, "{", "broken.json")
    wrote(tmp_path, "\ufeff" + json.dumps({"training": []}))
    assert find_datalist(tmp_path, None).path.name == "datalist.json"
    wrote(tmp_path, {"training": []}, "other.json")
    with pytest.raises(InputError, match=r"several datalists: datalist.json, other.json; choose"):
        find_datalist(tmp_path, None)
    assert find_datalist(tmp_path, "other.json").path.name == "other.json"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON: .* at line 1, column 2; mend it"),
        ("[]", 'is no datalist; expected {"training": '),
        ([{"image": "a.png", "annotations": []}], "is no datalist; .* or a list of objects"),
        ("", "is not JSON: Expecting value at line 1"),
        ('{"a": "', "is not JSON: Unterminated string starting at line 1, column 7"),
        ({"images": []}, r'has no list "training" \(it has images\)'),
        ({"training": {}}, '"training" is no list'),
        ({"training": [], "test": 3}, '"test" is no list'),
        ("[" * 100_000, "nested too deeply|is not JSON"),
        ('{"training": [' + "9" * 5000 + "]}", "is not JSON"),
        ({"training": [], "labels": "x"}, '"labels" is "x"; expected indices and names'),
        ({"training": [], "labels": {"0": 1.5}}, '"labels" is'),
        ({"training": [], "labels": {"0": "a", "1": "a"}}, '"labels" is'),
        ({"training": [], "labels": {"0": "a", "00": "b"}}, '"labels" is'),
        ({"training": [], "labels": {"-1": "a"}}, '"labels" is'),
        ({"training": [], "labels": {}}, '"labels" is'),
    ],
)
def test_what_is_no_datalist_is_refused(tmp_path: Path, content: Any, words: str) -> None:
    wrote(tmp_path, content)
    with pytest.raises(InputError, match=words) as caught:
        find_datalist(tmp_path, None)
    assert "datalist.json" in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "background", "1": "tumour"},
        {"1": "tumour", "0": "background"},
        {"background": 0, "tumour": 1},
        ["background", "tumour"],
    ],
)
def test_labels_of_every_dialect(tmp_path: Path, labels: Any) -> None:
    found = find_datalist(wrote(tmp_path, {"training": [], "labels": labels}), None)
    assert list(found.labels.items()) == [(0, "background"), (1, "tumour")]


@pytest.mark.parametrize(
    ("modality", "code"),
    [
        ({"0": "US"}, "US"), ({"0": "MRI"}, "MR"), ("ultrasound", "US"), ({"0": "FLAIR"}, "OT"),
        (None, "OT"), ({"0": 7}, "OT"), ({}, "OT"), ([1], "OT"),
    ],
)  # fmt: skip
def test_modalities(tmp_path: Path, modality: Any, code: str) -> None:
    found = find_datalist(wrote(tmp_path, {"training": [], "modality": modality}), None)
    assert found.modality == code


def test_the_named_file_lies_below_the_folder(tmp_path: Path) -> None:
    raw = wrote(tmp_path / "raw", {"training": []}, "sub.json")
    wrote(tmp_path, {"training": []})
    (raw / "link.json").symlink_to(tmp_path / "datalist.json")
    for named in ("../datalist.json", str(tmp_path / "datalist.json"), "a\0b", "."):
        with pytest.raises(InputError, match=r"^--json-file .*expected a path below"):
            find_datalist(raw, named)
    with pytest.raises(InputError, match="a link that leads out"):
        find_datalist(raw, "link.json")
    with pytest.raises(InputError, match=r"there is no such file in .*; it has .*sub.json"):
        find_datalist(raw, "none.json")


def test_other_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_datalist(tmp_path / "none", None)
    wrote(tmp_path / "raw", {"training": []})
    with pytest.raises(InputError, match=r"is a file; .* and --json-file datalist.json"):
        find_datalist(tmp_path / "raw" / "datalist.json", None)
    (tmp_path / "x.png").touch()
    with pytest.raises(InputError, match=r"not datalist: expected RAW/<datalist>.json"):
        find_datalist(tmp_path, None)
    for number in range(51):
        wrote(tmp_path, {}, f"{number}.json")
    with pytest.raises(InputError, match="has 51 JSON files; say which"):
        find_datalist(tmp_path, None)


BARE = [{"image": "a.png", "label": "m.png"}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"name": "x", "training": []}, True),
        ({"source": {"left_out": ["x" * 100_000]}, "training": []}, True),
        ({"train": [{"image": "a.png"}]}, True),
        (BARE, True),
        ([{"image": "a.png", "class": "x"}, 7], True),
        ("\ufeff " + json.dumps(BARE), True),
        ({"training": {"epochs": 3}}, False),
        ({"labels": {"training": 1}}, False),
        ([{"image": "a.png", "annotations": [{"label": "x"}]}], False),
        ([{"label": "m.png"}], False),
        ("[]", False),
        ("[[[[", False),
        ("{", False),
        ("", False),
    ],
)
def test_what_looks_like_a_datalist(tmp_path: Path, content: Any, expected: bool) -> None:
    assert looks_like_datalist(wrote(tmp_path, content) / "datalist.json") is expected


def test_a_broken_record_of_a_dataset_is_not_passed_over(tmp_path: Path) -> None:
    assert looks_like_datalist(wrote(tmp_path, "", "dataset.json") / "dataset.json")
    nnunet = wrote(tmp_path, {"labels": {"background": 0}, "numTraining": 3}, "dataset.json")
    assert not looks_like_datalist(nnunet / "dataset.json")


def test_what_is_no_file_is_no_datalist(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe.json", "folder.json", "none.json"):
        assert not looks_like_datalist(tmp_path / name)
    wrote(tmp_path, BARE)
    assert find_datalist(tmp_path, None).content == {"training": BARE}


def test_the_only_folder_inside_is_read(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    inner = wrote(tmp_path / "raw" / "inner", {"training": []})
    assert datalist_folder(tmp_path / "raw") == inner and datalist_folder(inner) == inner
    assert datalist_folder(tmp_path / "raw", "inner/datalist.json") == tmp_path / "raw"
    (tmp_path / "raw" / "a.png").touch()
    assert datalist_folder(tmp_path / "raw") == tmp_path / "raw"
    assert datalist_folder(tmp_path / "none") == tmp_path / "none"


def test_our_own_modality_and_task_are_kept(tmp_path: Path) -> None:
    content = {"training": [], "modality": {"0": "OCT"}, "task": "classification"}
    assert find_datalist(wrote(tmp_path, content), None).modality == "OT"
    ours = find_datalist(wrote(tmp_path, {**content, "source": {"med2d": "0.1.0"}}), None)
    assert (ours.is_ours, ours.modality, ours.task) == (True, "OCT", "classification")
    other = find_datalist(wrote(tmp_path, {**content, "task": "detection"}), None)
    assert not other.is_ours and other.task is None
