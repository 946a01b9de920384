"""Which cases are drawn, and that the pictures hold what they should."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from pipelines.evaluation import overlays as module
from pipelines.evaluation.overlays import (
    Panel,
    Sources,
    draw_overlays,
    draw_panels,
    load_panel,
    outline,
    select_cases,
)

ORANGE, BLUE = (230, 159, 0), (86, 180, 233)


def table(dices: dict[str, float], alarms: dict[str, int] | None = None) -> pd.DataFrame:
    """Return cases with a lesion and their Dice, and normal ones with their predicted area."""
    rows = [(name, "benign", dice, 1, 9) for name, dice in dices.items()]
    rows += [(name, "normal", np.nan, 0, area) for name, area in (alarms or {}).items()]
    return pd.DataFrame(rows, columns=["id", "class", "dice", "lesions", "predicted_area"])


def square(shape: tuple[int, int] = (60, 80)) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=bool)
    mask[10:30, 20:40] = True
    return mask


def sources(truth: NDArray | None, prediction: NDArray) -> Sources:
    return Sources(np.full(prediction.shape, 60, np.uint8), truth, prediction)


def count_colour(path: Path, colour: tuple[int, int, int]) -> int:
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return int((np.abs(pixels - colour).max(axis=-1) < 12).sum())


def test_best_median_and_worst_of_many() -> None:
    chosen = select_cases(table({f"{n:02d}": n / 100 for n in range(21)}), count=3)
    assert chosen["best"] == ["20", "19", "18"]
    assert chosen["median"] == ["11", "10", "09"]
    assert chosen["worst"] == ["00", "01", "02"]


@pytest.mark.parametrize("cases", range(16))
def test_few_cases_never_stand_twice(cases: int) -> None:
    chosen = select_cases(table({f"{n:02d}": n / 100 for n in range(cases)}))
    drawn = [*chosen["best"], *chosen["median"], *chosen["worst"]]
    assert len(drawn) == len(set(drawn)) == min(cases, 12)
    assert chosen["false_positives"] == []


def test_ties_are_broken_by_id_in_any_order_of_the_table() -> None:
    cases = table(dict.fromkeys("fcadbe", 0.0), {"z": 5, "x": 5, "y": 9, "w": 0})
    expected = {
        "best": ["a", "b"],
        "median": ["c", "d"],
        "worst": ["e", "f"],
        "false_positives": ["y", "x", "z"],
    }
    assert select_cases(cases) == expected
    assert select_cases(cases.iloc[::-1]) == expected


def test_outline_is_closed_also_at_the_edge_of_the_image() -> None:
    mask = np.zeros((5, 5), dtype=bool)
    mask[:2, 3:] = True
    (line,) = outline(mask)
    np.testing.assert_array_equal(line[0], line[-1])
    assert line.min() == -0.5
    assert line.max() == 4.5


def test_pixels_that_touch_at_a_corner_have_one_outline() -> None:
    assert len(outline(np.eye(3, dtype=bool))) == 1


def test_pictures_are_drawn_where_there_are_cases(tmp_path: Path) -> None:
    masks = {"a": square(), "b": np.roll(square(), 3), "c": np.zeros((60, 80), dtype=bool)}
    given = {name: sources(square(), mask) for name, mask in masks.items()}
    (tmp_path / "false_positives.png").write_bytes(b"of an earlier run")
    written = draw_overlays(table({"a": 1.0, "b": 0.8, "c": 0.0}), given, tmp_path)
    assert [path.name for path in written] == ["best.png", "median.png", "worst.png"]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    widths = {Image.open(path).width for path in written}
    assert widths == {1600}
    # In the worst picture nothing is predicted: its blue is that of the legend alone.
    assert count_colour(tmp_path / "worst.png", ORANGE) > 1000
    assert count_colour(tmp_path / "worst.png", BLUE) < 500
    assert count_colour(tmp_path / "median.png", BLUE) > 1000


def test_the_heading_says_that_a_split_leaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headings: list[str] = []

    def drawn(heading: str, panels: Sequence[Panel]) -> Figure:
        headings.append(heading)
        return draw_panels(heading, panels)

    monkeypatch.setattr(module, "draw_panels", drawn)
    cases, given = table({"a": 1.0}), {"a": sources(square(), square())}
    for leaky in (0, 1):
        draw_overlays(cases.assign(leaky=leaky), given, tmp_path)
    assert headings == ["Best cases by Dice", "Best cases by Dice (leaky split: too good)"]


def test_false_alarms_are_drawn_without_a_truth(tmp_path: Path) -> None:
    cases = table({}, {"$a_1$": 400})
    (path,) = draw_overlays(cases, {"$a_1$": sources(None, square())}, tmp_path / "new")
    assert path.name == "false_positives.png"
    assert count_colour(path, BLUE) > 1000


def test_files_and_arrays_give_the_same_panel(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (60, 80), dtype=np.uint8)
    Image.fromarray(image).convert("RGB").save(tmp_path / "image.png")
    Image.fromarray(square().astype(np.uint8) * 255).convert("1").save(tmp_path / "truth.png")
    Image.fromarray(square().astype(np.uint8)).save(tmp_path / "prediction.png")
    names = ("image.png", "truth.png", "prediction.png")
    from_files = load_panel("a", Sources(*(tmp_path / name for name in names)))
    from_arrays = load_panel("a", Sources(image, square(), square()))
    np.testing.assert_array_equal(from_files.image, from_arrays.image)
    for name in ("truth", "prediction"):
        np.testing.assert_array_equal(from_files.outlines[name], from_arrays.outlines[name])


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    image = np.arange(4800, dtype=np.uint16).reshape(60, 80) * 10
    Image.fromarray(image).save(tmp_path / "image.png")
    panel = load_panel("a", Sources(tmp_path / "image.png", None, square()))
    assert panel.image.max() == image.max()


def test_colour_arrays_become_grey() -> None:
    colour = np.zeros((60, 80, 3), np.uint8)
    colour[..., 0] = 90
    assert (load_panel("a", Sources(colour, None, square())).image == 30).all()


def test_every_image_keeps_its_aspect_and_no_title_leaves_the_picture() -> None:
    shapes = [(60, 80), (120, 50), (50, 200)]
    title = "a" * 60 + "\nmalignant  |  Dice 0.000  |  nothing predicted"
    figure = draw_panels("Cases", [load_panel(title, sources(None, square(s))) for s in shapes])
    figure.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in figure.axes]
    for axes, box, (height, width) in zip(figure.axes, boxes, shapes, strict=True):
        assert box.height / box.width == pytest.approx(height / width, rel=1e-6)
        text = axes.title.get_window_extent()
        assert text.x0 >= 0
        assert text.x1 <= figure.bbox.x1
        assert not any(text.overlaps(other) for other in boxes if other is not box)
    first, second = (axes.title.get_window_extent() for axes in figure.axes[:2])
    assert first.x1 < second.x0


def test_masks_of_another_size_are_refused() -> None:
    wrong = Sources(np.zeros((60, 80), np.uint8), np.zeros((80, 60), bool), square())
    with pytest.raises(ValueError, match=r"truth has shape \(80, 60\)"):
        load_panel("a", wrong)
