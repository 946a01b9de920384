"""Pictures of class maps: the chosen cases beside their truth, and the confusion of pixels."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipelines.evaluation.class_map_pictures import (
    Maps,
    chosen_cases,
    class_maps_figure,
    draw_class_maps,
)
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table

COLOURS = [(235, 235, 235), (255, 140, 170), (70, 140, 70)]


def maps(place: int) -> Maps:
    prediction, truth = made_pairs()[place]
    return Maps(np.zeros((*truth.shape, 3), np.uint8), truth, prediction)


def test_no_case_is_chosen_twice_and_the_best_come_first() -> None:
    cases = pd.DataFrame({"id": list("abcdef"), "dice": [0.9, np.nan, 0.5, 0.7, 0.1, 0.5]})
    chosen = chosen_cases(cases, count=2)
    assert chosen == {"best": ["a", "d"], "median": ["c"], "worst": ["e", "f"]}
    assert chosen_cases(cases.iloc[:1]) == {"best": ["a"], "median": [], "worst": []}


def test_the_pictures_are_drawn_and_old_ones_removed(tmp_path: Path) -> None:
    table = made_table(made_pairs(2))
    (tmp_path / "median.png").write_bytes(b"of an earlier run")
    asked: list[str] = []

    def load(name: str) -> Maps:
        asked.append(name)
        return maps(int(name.removeprefix("image_")))

    confusion = [[5, 1, 0], [0, 9, 0], [0, 0, 0]]
    written = draw_class_maps(table, confusion, LABELS, COLOURS, load, tmp_path)
    assert {path.name for path in written} == {"best.png", "worst.png", "confusion.png"}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    assert sorted(asked) == ["image_0", "image_1"]
    with Image.open(tmp_path / "best.png") as picture:
        assert picture.width == 1500


def test_the_maps_are_drawn_in_the_colours_of_the_classes() -> None:
    figure = class_maps_figure("Best", [("a", maps(1))], LABELS, COLOURS)
    _, truth, prediction = figure.axes
    for axes, indices in ((truth, maps(1).truth), (prediction, maps(1).prediction)):
        shown = np.asarray(axes.images[0].get_array())
        np.testing.assert_array_equal(shown, np.asarray(COLOURS)[indices])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(LABELS)


def test_the_heading_stands_clear_of_the_titles() -> None:
    figure = class_maps_figure("Best", [("a", maps(1))], LABELS, COLOURS)
    figure.draw_without_rendering()
    heading = next(text for text in figure.texts if text.get_text() == "Best")
    lowest = heading.get_window_extent().y0
    assert all(axes.title.get_window_extent().y1 <= lowest for axes in figure.axes)
    assert heading.get_window_extent().y1 <= figure.bbox.y1
