from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.commands.convert_summary import failure, print_summary, summary
from pipelines.datasets.convert import Conversion
from pipelines.datasets.dataset import Dataset
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.problems import refuse
from pipelines.errors import InputError


def conversion(task: str = "segmentation", written: bool = True) -> Conversion:
    items = [
        {"class": name, "fold": number % 3, "group": f"g{number}"}
        for number, name in enumerate(["all", "all", "[b]", "[b]", "[b]", "all"])
    ]
    testing = ({"class": "c", "group": "g9"},)
    source = {"layout": "busi", "grouping": "patients", "left_out": []}
    made = Dataset(Path("/d"), "n", task, {}, {"0": "x"}, "", "", 1, source, tuple(items), testing)
    counts = {"images": 2, "masks": 1, "entries": 0, "files": 3, "folders": 0}
    return Conversion(made, 2, 1, [], counts, written)


def test_the_summary_is_the_same_for_people_and_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = json.loads(json.dumps(summary(conversion(), Path("my out"))))
    assert (content["images"], content["testing"], content["groups"]) == (7, 1, 7)
    assert content["next"].endswith("configs/train.json --dataset_dir 'my out'")
    print_summary(conversion(), Path("my out"))
    text = capsys.readouterr().out
    assert "[b]" in text and f"next: {content['next']}" in text
    assert "7 images in 7 groups (1 of several images; 2 near-duplicate pairs found)" in text
    left = "2 images left out, besides 1 mask, 3 files that cannot be used"
    assert left in text and content["left_out_counts"]["files"] == 3


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("normal", "benign", "malignant"), "bundles/breast_us_classification/configs/train.json"),
        (("healthy", "fractured", "beyond_repair"), "bundles/bone_xray_classification/configs"),
        (("cat", "dog"), "each of bone_xray_classification, breast_us_classification, fetal_plane"),
    ],
)
def test_a_classification_is_for_the_bundle_of_its_classes(
    labels: tuple[str, ...], expected: str
) -> None:
    made = conversion("classification")
    source = {**made.dataset.source, "layout": "class-folders"}
    named = {str(place): label for place, label in enumerate(labels)}
    dataset = replace(made.dataset, labels=named, source=source)
    told = summary(replace(made, dataset=dataset), Path("out"))["next"]
    assert expected in told
    assert ("no bundle has these classes" in told) == ("cat" in labels)


def test_a_failure_lists_all_problems() -> None:
    problems = [Problem("a.png", "no"), Problem("b.png", "never")]
    with pytest.raises(InputError) as caught:
        refuse(Path("raw"), problems)
    assert failure(caught.value) == {
        "error": "2 problems in raw; nothing was written:",
        "problems": [{"source": "a.png", "reason": "no"}, {"source": "b.png", "reason": "never"}],
    }
    assert failure(InputError("wrong")) == {"error": "wrong", "problems": []}


def test_what_comes_next_is_said_only_where_it_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary(conversion(written=False), Path("out"))["next"] is None
    print_summary(conversion(written=False), Path("out"))
    assert "dry run: nothing was written to out" in capsys.readouterr().out
