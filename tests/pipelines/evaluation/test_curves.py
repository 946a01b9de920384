"""history.csv comes back as it went; one picture for each quantity."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.evaluation.curves import (
    QUANTITIES,
    draw_curves,
    draw_quantity,
    draw_together,
    read_history,
    write_history,
)


def made_history(epochs: int = 5) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    columns = [f"{side}_{quantity}" for quantity in QUANTITIES for side in ("train", "val")]
    history = pd.DataFrame(generator.random((epochs, len(columns))), columns=columns)
    history.insert(0, "epoch", np.arange(1, epochs + 1))
    return history.assign(learning_rate=1e-3)


def test_comes_back_unchanged(tmp_path: Path) -> None:
    history = made_history()
    history.loc[2, "val_dice"] = np.nan
    write_history(tmp_path / "history.csv", history.iloc[::-1])
    pd.testing.assert_frame_equal(read_history(tmp_path / "history.csv"), history)


def test_rows_may_be_dictionaries_that_grow(tmp_path: Path) -> None:
    write_history(tmp_path / "a.csv", [{"train_loss": 2.0, "epoch": 1}, {"epoch": 2, "val_f1": 1}])
    history = read_history(tmp_path / "a.csv")
    assert list(history.columns) == ["epoch", "train_loss", "val_f1"]
    assert history["val_f1"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("step,loss\n1,2\n", "holds no epochs"),
        ("epoch,loss\n", "holds no epochs"),
        ("epoch,loss\n1,2\n2,two\n", "line 3: loss is 'two'; expected a number"),
        ("epoch,loss\n1,2\n,2\n", "line 3: epoch is ''"),
        ("epoch,loss\n1.5,2\n", "line 2: epoch is '1.5'"),
        ("epoch,loss\n1,2\n1,2,3\n", "not a table"),
    ],
)
def test_broken_files_say_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_history(tmp_path / "history.csv")


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_history(tmp_path / "history.csv")


def test_one_picture_for_each_quantity(tmp_path: Path) -> None:
    written = draw_curves(made_history(), tmp_path / "curves", best_epoch=3)
    expected = [*QUANTITIES, "training"]
    assert [path.name for path in written] == [f"{name}.png" for name in expected]
    assert sorted((tmp_path / "curves").iterdir()) == sorted(written)
    assert {Image.open(path).size for path in written[:-1]} == {(1200, 750)}


def test_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    history = made_history()[["epoch", "train_loss", "val_dice"]].assign(val_dice=np.nan)
    written = draw_curves(history, tmp_path)
    assert [path.name for path in written] == ["loss.png", "training.png"]
    assert draw_curves(history[["epoch"]], tmp_path) == []


def test_loss_balanced_accuracy_and_auroc_stand_together() -> None:
    measured = {
        "loss": {"train": "train_loss", "val": "val_loss"},
        "balanced_accuracy": {"train": "train_balanced_accuracy", "val": "val_balanced_accuracy"},
        "auroc": {"val": "val_auroc"},
    }
    figure = draw_together(made_history(), measured, best_epoch=2, remark="leaky split: too good")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Loss", "Balanced accuracy", "AUROC, mean over the classes"]
    assert [len(axes.lines) for axes in figure.axes] == [3, 3, 2]
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["training", "validation", "best epoch (2)"]
    assert figure.get_suptitle() == "Training and validation (leaky split: too good)"


def test_both_sides_and_the_best_epoch_stand_in_one_picture() -> None:
    history = made_history()
    history.loc[[1, 3], "val_dice"] = np.nan
    columns = {"train": "train_dice", "val": "val_dice"}
    (axes,) = draw_quantity(history, "dice", columns, best_epoch=3).axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["training", "validation", "best epoch (3)"]
    np.testing.assert_array_equal(lines["validation"].get_xdata(), [1, 3, 5])
    np.testing.assert_array_equal(lines["training"].get_ydata(), history["train_dice"])
    assert list(lines["best epoch (3)"].get_xdata()) == [3, 3]


def test_a_remark_stands_in_every_title(tmp_path: Path) -> None:
    columns = {"val": "val_dice"}
    for remark, title in (("", "Dice"), ("leaky split: too good", "Dice (leaky split: too good)")):
        (axes,) = draw_quantity(made_history(), "dice", columns, None, remark).axes
        assert axes.get_title() == title
    history = made_history()[["epoch", "val_dice"]]
    plain, remarked = (
        [path.read_bytes() for path in draw_curves(history, tmp_path, remark=remark)]
        for remark in ("", "leaky split: too good")
    )
    assert all(one != other for one, other in zip(plain, remarked, strict=True))


def test_a_single_epoch_is_a_dot_over_a_whole_number() -> None:
    figure = draw_quantity(made_history(1), "f1", {"val": "val_f1"}, best_epoch=None)
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_marker() == "o"
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
