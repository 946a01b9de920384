"""The surest mistakes come first, and each stands beside its heat map."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pipelines.evaluation.mistakes_picture import Mistake, confident_mistakes, mistakes_figure

CASES = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d", "e"],
        "class": ["cat", "dog", "cat", "dog", "dog"],
        "predicted": ["dog", "dog", "dog", "cat", "cat"],
        "p_cat": [0.4, 0.1, 0.1, 0.9, 0.8],
        "p_dog": [0.6, 0.9, 0.9, 0.1, 0.2],
    }
)


def test_wrong_cases_come_by_their_probability_then_by_their_id() -> None:
    found = confident_mistakes(CASES)
    assert found["id"].tolist() == ["c", "d", "e", "a"]
    assert found["probability"].tolist() == [0.9, 0.9, 0.8, 0.6]
    assert confident_mistakes(CASES, most=2)["id"].tolist() == ["c", "d"]
    assert confident_mistakes(CASES[CASES["id"] == "b"]).empty


def mistakes(count: int, heat: bool = True, colour: bool = False) -> list[Mistake]:
    image = np.full((6, 9, 3) if colour else (6, 9), 0.5)
    return [
        Mistake(f"image{n}", "cat", "dog", 0.9, image, np.eye(6, 9) if heat else None)
        for n in range(count)
    ]


def texts(figure: Figure) -> list[str]:
    titles = [part.get_suptitle() for part in figure.subfigs if part.get_suptitle()]
    return [*titles, *(text.get_text() for axes in figure.axes for text in axes.texts)]


@pytest.mark.parametrize(("count", "colour"), [(1, False), (4, False), (2, True)])
def test_each_mistake_has_an_image_and_its_heat(count: int, colour: bool) -> None:
    figure = mistakes_figure(mistakes(count, colour=colour), wrong=7, images=50, remark="leaky")
    assert figure.get_suptitle() == (
        f"The {count} most confident of 7 mistakes among 50 images (leaky)"
    )
    assert len(figure.axes) == 2 * count
    assert [len(axes.images) for axes in figure.axes] == [1, 2] * count
    assert "image0\ntrue cat, predicted dog 0.90" in texts(figure)
    np.testing.assert_array_equal(figure.axes[1].images[1].get_array(), np.eye(6, 9))
    figure.canvas.draw()


def test_a_heat_map_without_any_heat_says_so() -> None:
    cold, warm = (mistakes(1)[0]._replace(heat=heat) for heat in (np.zeros((6, 9)), np.eye(6, 9)))
    titles = texts(mistakes_figure([cold, warm], wrong=2, images=5))
    assert ["heat map 0 everywhere" in title for title in titles[:2]] == [True, False]


def test_without_a_heat_map_it_says_so() -> None:
    figure = mistakes_figure(mistakes(1, heat=False), wrong=1, images=5)
    assert "no heat map" in texts(figure)
    assert "Grad-CAM" not in figure.get_supxlabel()


def test_without_mistakes_it_says_so() -> None:
    figure = mistakes_figure([], wrong=0, images=5)
    assert figure.get_suptitle() == "No mistakes among 5 images"
    assert figure.axes == []


def test_a_long_id_is_cut_in_its_middle() -> None:
    long = mistakes(1)[0]._replace(id="x" * 80 + "end")
    (title,) = texts(mistakes_figure([long], wrong=1, images=5))
    assert "…" in title and "end\n" in title and len(title.splitlines()[0]) <= 34
