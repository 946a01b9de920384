from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.split import split
from pipelines.datasets.split_file import (
    check_place,
    export_split,
    images_digest,
    read_split_file,
)
from pipelines.datasets.split_options import SplitOptions
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import GROUPS, make_dataset, make_items, quiet


@pytest.fixture
def before() -> Dataset:
    return make_dataset(make_items(GROUPS))


@pytest.fixture
def made(before: Dataset) -> Dataset:
    return split(before, SplitOptions(folds=4, test=0.2, seed=3), quiet)


@pytest.fixture
def file(made: Dataset, tmp_path: Path) -> Path:
    export_split(made, tmp_path / "split.json")
    return tmp_path / "split.json"


def edit(file: Path, **changes: Any) -> Path:
    content = json.loads(file.read_text())
    for key, value in changes.items():
        target = content["training"][2] if key.startswith("item_") else content
        target[key.removeprefix("item_")] = value
        if value is None:
            del target[key.removeprefix("item_")]
    file.write_text(json.dumps(content))
    return file


def test_the_digest_is_of_the_images_alone() -> None:
    assert images_digest(["a", "b"]) == images_digest(["b", "a"]) != images_digest(["a", "a", "b"])


def test_the_file_says_what_it_is(made: Dataset, file: Path) -> None:
    content = json.loads(file.read_text())
    assert list(content) == [
        "med2d_split", "dataset", "images_digest", "leaky", "split", "training", "testing",
        "split_digest",
    ]  # fmt: skip
    assert content["med2d_split"] == 1 and content["dataset"] == "made"
    assert content["split"] == made.source["split"] and content["leaky"] is False
    first = made.items[0]
    assert content["training"][0] == {key: first[key] for key in ("image", "sha256", "fold")}
    assert "fold" not in content["testing"][0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"med2d_split": None}, 'is no split file: it lacks the key "med2d_split"'),
        ({"med2d_split": 2}, "is a split file of format 2; this med2d reads 1"),
        ({"images_digest": None}, 'lacks the key "images_digest"'),
        ({"images_digest": "0" * 64}, "was changed after it was written"),
        ({"split_digest": "0" * 64}, "its split_digest is not that of what it says"),
        ({"leaky": True}, "its split_digest is not that of what it says"),
        ({"item_fold": 3}, "its split_digest is not that of what it says"),
        ({"leaky": "no"}, '"leaky" is "no"; expected true or false'),
        ({"split": []}, '"split" is []; expected an object'),
        ({"training": {}}, '"training" is {}; expected a list'),
        ({"testing": [3]}, "testing[0] is 3; expected an object"),
        ({"item_sha256": "0"}, "was changed after it was written"),
        ({"item_sha256": 5}, 'training[2]: "sha256" is 5; expected a text'),
        ({"item_image": None}, 'training[2] lacks the key "image"'),
        ({"item_fold": "1"}, 'training[2]: "fold" is "1"; expected a whole number'),
        ({"item_fold": True}, 'training[2]: "fold" is true; expected a whole number'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(file: Path, changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_split_file(edit(file, **changes))
    assert expected in str(caught.value) and str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_split_file(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_split_file(tmp_path)
    for content in (b"\xff\xfe\x00", b"{", b"[1]", b"3"):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(InputError, match="is no split file"):
            read_split_file(tmp_path / "x")


def test_only_a_split_file_is_replaced_and_only_on_request(made: Dataset, file: Path) -> None:
    with pytest.raises(InputError, match="a split file stands there already; give another name"):
        export_split(made, file)
    content = file.read_bytes()
    export_split(made, file, overwrite=True)
    assert file.read_bytes() == content
    file.write_text('{"name": "mine"}')
    with pytest.raises(InputError, match="what stands there is no split file"):
        export_split(made, file, overwrite=True)
    assert file.read_text() == '{"name": "mine"}'
    with pytest.raises(InputError, match="does not exist; make it"):
        check_place(file.parent / "none" / "split.json", True)
