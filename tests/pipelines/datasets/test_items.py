from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from monai.data import load_decathlon_datalist

from pipelines.datasets.dataset import read
from tests.pipelines.datasets.made_layout import NAMES, Made


def test_a_classification_has_indices_and_no_masks(made: Made) -> None:
    done = made.convert()
    assert read(made.out) == done.dataset
    assert done.dataset.labels == {"0": "a", "1": "b"}
    assert [(item["label"], item["class"]) for item in done.dataset.items] == [
        (number % 2, NAMES[number % 2]) for number in range(12)
    ]
    assert "label_sha256" not in done.dataset.items[0]
    assert (made.out / "images").is_dir() and not (made.out / "masks").exists()
    loaded = load_decathlon_datalist(made.out / "dataset.json", False, "training")
    assert loaded[1]["label"] == 1 and Path(loaded[1]["image"]).is_file()


def test_columns_and_colours_arrive(made: Made) -> None:
    made.masked()
    made.facts = replace(made.facts, colours=((0, 0, 0), (9, 200, 30)))
    made.change(0, columns={"site": "wrist"})
    done = made.convert("segmentation").dataset
    assert read(made.out).colours == ((0, 0, 0), (9, 200, 30))
    assert done.items[0]["site"] == "wrist" and "site" not in done.items[1]
    top = json.loads((made.out / "dataset.json").read_text())
    assert top["colours"] == [[0, 0, 0], [9, 200, 30]]
