from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.commands.convert_summary import class_counts, print_summary, summary
from pipelines.datasets.convert import Conversion
from pipelines.datasets.dataset import Dataset


def conversion(task: str = "segmentation", written: bool = True) -> Conversion:
    items = [
        {"class": name, "fold": number % 3, "group": f"g{number}"}
        for number, name in enumerate(["all", "all", "[b]", "[b]", "[b]", "all"])
    ]
    testing = ({"class": "c", "group": "g9"},)
    source = {"layout": "busi", "grouping": "patients", "left_out": []}
    made = Dataset(Path("/d"), "n", task, {}, {"0": "x"}, "", "", 1, source, tuple(items), testing)
    return Conversion(made, 2, 1, [], written)


def test_every_class_is_counted_in_every_fold_and_the_test_part() -> None:
    assert class_counts(conversion()) == {
        "[b]": {"fold 0": 1, "fold 1": 1, "fold 2": 1, "test": 0, "all": 3},
        "all": {"fold 0": 1, "fold 1": 1, "fold 2": 1, "test": 0, "all": 3},
        "c": {"fold 0": 0, "fold 1": 0, "fold 2": 0, "test": 1, "all": 1},
    }


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


def test_what_comes_next_is_said_only_where_it_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary(conversion(written=False), Path("out"))["next"] is None
    print_summary(conversion(written=False), Path("out"))
    assert "dry run: nothing was written to out" in capsys.readouterr().out
