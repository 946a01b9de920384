from __future__ import annotations

from dataclasses import replace

from pipelines.report.segmented_cases import class_colours, segmented_cases
from pipelines.report.sources import Sources


def test_lesions_are_outlined_as_they_are_and_as_they_were_drawn(lesions: Sources) -> None:
    found = segmented_cases(lesions, 2)
    assert list(found) == ["Best cases", "Median cases", "Worst cases"]
    best = found["Best cases"][0]
    assert best.lines == ["Dice 1.000", "lesion found", "cyst"]
    (shown,) = best.views
    assert set(shown.outlines) == {"truth", "prediction"} and "Dice 1.000" in shown.alt


def test_maps_stand_beside_their_truth_in_the_colours_of_the_classes(maps: Sources) -> None:
    found = segmented_cases(maps, 1)
    views = found["Best cases"][0].views
    assert [view.alt.partition(": ")[2].partition(",")[0] for view in views] == [
        *("the image", "true classes", "predicted classes")
    ]
    assert maps.dataset is not None
    assert class_colours(maps.dataset) == {"background": "#000000", "lesion": "#e69f00"}
    coloured = replace(maps.dataset, colours=((1, 2, 3), (255, 0, 0)))
    assert class_colours(coloured)["lesion"] == "#ff0000"


def test_cases_without_their_masks_are_left_out(lesions: Sources) -> None:
    gone = replace(lesions.first, folder=lesions.folder / "nowhere")
    assert segmented_cases(replace(lesions, members=(gone,)), 2) == {}
