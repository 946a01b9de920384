"""A selection as a sheet: how many of how many, which colours, what is left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.preview.colours import PALETTE
from pipelines.preview.image_sheet import chosen_text, image_sheet, legend_of
from pipelines.preview.legend import Entry
from pipelines.preview.selection import Selection, class_selections, wanted
from tests.pipelines.preview.made_dataset import (
    classification,
    dataset_of,
    entry,
    mask,
    segmentation,
    stored_item,
)


def test_the_sheet_of_a_class(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path, 12)
    selection = class_selections(wanted(dataset, (), None), 5, seed=0)[0]
    steps: list[int] = []
    sheet = image_sheet(dataset, selection, 100, 3, lambda: steps.append(1))
    assert sheet.title == "made: a"
    assert sheet.text == "5 of 8 images · 5 of 8 groups · 3 of 3 folds"
    assert sheet.legend == (Entry("tumour (in 5 of 5)", PALETTE[0]),)
    assert [tile.caption[0] for tile in sheet.tiles] == [i["image"][7:11] for i in selection.items]
    assert sheet.columns == 3 and len(steps) == 5 and sheet.notes == ()


def test_the_sheet_of_a_finding_says_what_was_found(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    items = dataset.items[:3]
    sheet = image_sheet(dataset, Selection("finding", "leak", items, items, "Error: Look."), 100)
    assert sheet.title == "made: audit: leak"
    assert sheet.text.splitlines()[1] == "Error: Look."
    assert sheet.tiles[2].caption[1] == "b"
    assert sheet.legend == (Entry("tumour (in 2 of 3)", PALETTE[0]),)


def test_the_legend_of_a_classification_names_what_is_there(tmp_path: Path) -> None:
    dataset = classification(tmp_path)
    both = legend_of(dataset, [frozenset({0}), frozenset({1}), frozenset({1})])
    assert both == (Entry("x (1)", PALETTE[0]), Entry("y (2)", PALETTE[1]))
    assert legend_of(dataset, [frozenset({1})], mixed=False) == (Entry("y", PALETTE[1]),)


def test_the_foot_names_windows_sources_and_what_is_not_shown(tmp_path: Path) -> None:
    deep = np.arange(3200, dtype=np.uint16).reshape(40, 80)
    items = [stored_item(tmp_path, f"n{fold}", fold, mask(), deep) for fold in range(3)]
    dataset = dataset_of(tmp_path, items, reference="Somebody 2020")
    tested = replace(dataset, testing=(entry("images/t.png"),) * 4)
    selection = class_selections(wanted(tested, (), None), 9, seed=0)[0]
    leaky = replace(tested, source={"leaky": True})
    assert "leaky split, made on purpose" in image_sheet(leaky, selection, 100).notes[1]
    windows, testing, source = image_sheet(tested, selection, 100).notes
    assert "16 bits" in windows and "0.5" in windows and "99.5" in windows
    assert testing == "The 4 images of the part testing are not shown."
    assert source == "Data: Somebody 2020"


def test_the_numbers_count_groups_and_folds() -> None:
    items = [entry(f"images/{n}.png", fold=n // 3, group=f"g{n // 2}") for n in range(8)]
    some, all_of_them = tuple(items[:3]), tuple(items)
    text = "3 of 8 images · 2 of 4 groups · 1 of 3 folds"
    assert chosen_text(Selection("class", "a", some, all_of_them)) == text
    pairs = (some[0], some[1], some[0], some[2])
    paired = Selection("finding", "copies", pairs, all_of_them, pairs=7)
    assert chosen_text(paired) == f"2 of 7 pairs, side by side · {text}"


def test_no_pair_is_torn_apart(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    for number in range(1, 6):
        items = (dataset.items * 2)[: 2 * number]
        selection = Selection("finding", "copies", items, dataset.items, pairs=number)
        columns = image_sheet(dataset, selection, 96).columns
        assert columns is not None and columns % 2 == 0
