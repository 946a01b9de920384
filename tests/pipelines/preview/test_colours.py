"""Every class has a colour of its own, the data's where they have one."""

from dataclasses import replace
from pathlib import Path

from pipelines.preview.colours import BLACK, PALETTE, WHITE, class_colours, mixed, rim_of
from tests.pipelines.preview.made_dataset import classification, segmentation


def test_the_background_of_a_segmentation_has_no_colour(tmp_path: Path) -> None:
    assert class_colours(segmentation(tmp_path)) == {1: PALETTE[0]}


def test_every_class_of_a_classification_has_one(tmp_path: Path) -> None:
    assert class_colours(classification(tmp_path)) == {0: PALETTE[0], 1: PALETTE[1]}


def test_the_colours_of_the_data_come_first(tmp_path: Path) -> None:
    labels = {"0": "background", "1": "p", "2": "q"}
    dataset = replace(segmentation(tmp_path), labels=labels, colours=((9, 9, 9), (1, 2, 3)))
    assert class_colours(dataset) == {1: (1, 2, 3), 2: PALETTE[1]}


def test_many_classes_have_different_colours(tmp_path: Path) -> None:
    labels = {str(index): f"c{index}" for index in range(22)}
    colours = class_colours(replace(segmentation(tmp_path), labels=labels))
    assert list(colours) == list(range(1, 22))
    assert len(set(colours.values())) == 21


def test_two_colours_of_the_palette_differ_in_lightness_or_in_blue_and_yellow() -> None:
    # What protanopes and deuteranopes still tell: lightness, and blue against yellow.
    def seen(colour: tuple[int, int, int]) -> tuple[float, float]:
        red, green, blue = colour
        warm = 0.4 * red + 0.6 * green
        return warm, blue - warm

    for index, one in enumerate(PALETTE):
        for other in PALETTE[index + 1 :]:
            apart = max(abs(a - b) for a, b in zip(seen(one), seen(other), strict=True))
            assert apart > 20, (one, other)


def test_a_dark_line_has_a_light_rim() -> None:
    assert rim_of((240, 228, 66)) == BLACK
    assert rim_of((40, 0, 90)) == WHITE


def test_colours_are_mixed_by_their_share() -> None:
    assert mixed((100, 0, 200), WHITE, 0.5) == (178, 128, 228)
    assert mixed((100, 0, 200), BLACK, 0) == (100, 0, 200)
