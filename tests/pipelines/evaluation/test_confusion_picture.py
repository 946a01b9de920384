"""The confusion matrix shows every count, its share of the true class, and the remark."""

from pipelines.evaluation.confusion_picture import confusion_figure


def texts(confusion: list[list[int]], remark: str = "") -> tuple[list[str], str]:
    (axes,) = confusion_figure(confusion, ["a", "b"], remark).axes
    return [text.get_text() for text in axes.texts], axes.get_title()


def test_counts_and_shares_stand_in_the_cells() -> None:
    cells, title = texts([[3, 1], [0, 2]])
    assert cells == ["3\n75%", "1\n25%", "0\n0%", "2\n100%"]
    assert title == "Confusion matrix, 6 images"


def test_a_class_without_images_has_no_shares() -> None:
    cells, title = texts([[3, 1], [0, 0]], "leaky split")
    assert cells[2:] == ["0", "0"]
    assert title.endswith("(leaky split)")


def test_rows_are_the_truth() -> None:
    (axes,) = confusion_figure([[3, 1], [0, 2]], ["a", "b"]).axes
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")
