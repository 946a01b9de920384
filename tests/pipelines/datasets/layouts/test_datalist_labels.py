from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipelines.datasets.layouts.datalist_file import Datalist
from pipelines.datasets.layouts.datalist_items import Entry
from pipelines.datasets.layouts.datalist_labels import class_label
from pipelines.errors import InputError

PLANES = {0: "head", 1: "femur"}


def labelled(label: Any, category: str | None = None, names: dict[int, str] | None = None) -> str:
    entry = Entry(
        "training[0]", PurePosixPath("a.png"), label, category, None, False, "train", None, {}
    )
    return class_label(entry, Datalist(Path("list.json"), {}, PLANES if names is None else names))


@pytest.mark.parametrize("label", [1, "1", " femur ", 1.0, [0, 1], [0.0, 1.0]])
def test_an_index_a_name_or_a_one_hot_row(label: Any) -> None:
    assert labelled(label) == "femur"


def test_what_stands_beside_the_label() -> None:
    assert labelled("m.png", "benign") == labelled(None, "benign") == labelled("", "benign")
    assert labelled(3, "benign", {}) == "benign" and labelled(3, None, {}) == "3"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (7, "has the label 7; the labels of the list are 0 head, 1 femur"),
        (True, "has the label true; expected a class index or name"),
        ([1, 1], r"has the label \[1, 1\]; expected zeros and a single 1"),
        ("", "has an empty label"),
        ("m.nii.gz", r'has the mask "m.nii.gz" as label and names no "class"'),
    ],
)
def test_what_is_no_class_is_refused(label: Any, words: str) -> None:
    with pytest.raises(InputError, match=f"^{words}"):
        labelled(label)


def test_many_labels_are_shortened() -> None:
    with pytest.raises(InputError, match=r"are 0 c0, 1 c1, 2 c2, 3 c3, … \(40 in all\)$"):
        labelled(40, None, {index: f"c{index}" for index in range(40)})
    with pytest.raises(InputError, match=r"has the label 0 \(head\), but the class \"femur\""):
        labelled(0, "femur")
