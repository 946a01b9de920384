from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage import data

from pipelines.datasets.audit.appearance import flat, look
from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.oddities import oddities, strangeness
from pipelines.datasets.picture import to_grey
from tests.pipelines.datasets.audit.made_cases import by_check, case, numbers, scan


def seen(number: int, pixels: np.ndarray, **changes: Any) -> Case:
    looks = np.array(look(pixels), np.float32).tobytes()
    return case(number, look=looks, flat=flat(pixels), **changes)


@pytest.fixture(scope="module")
def usual() -> list[Case]:
    return [seen(number, scan(number)) for number in range(60)]


def found(usual: list[Case], *odd: Case) -> dict[str, Finding]:
    return by_check(oddities([*usual[: -len(odd) or None], *odd]))


def test_a_set_of_one_kind_has_no_oddities(usual: list[Case]) -> None:
    assert found(usual) == {}


@pytest.mark.parametrize("photograph", ["camera", "astronaut", "coffee", "rocket"])
def test_a_photograph_is_unlike_the_others(usual: list[Case], photograph: str) -> None:
    grey = to_grey(getattr(data, photograph)())
    (finding,) = found(usual, seen(59, grey)).values()
    assert finding.check == "unlike-the-others" and numbers(finding) == [59]
    assert finding.details["distance"]["images/a_0059.png"] >= 5


def test_a_few_photographs_do_not_hide_one_another(usual: list[Case]) -> None:
    odd = [seen(56 + n, to_grey(data.camera())[:, 8 * n :]) for n in range(4)]
    assert sorted(numbers(found(usual, *odd)["unlike-the-others"])) == [56, 57, 58, 59]


def test_a_screenshot_is_a_drawing_but_where_all_are_flat(usual: list[Case]) -> None:
    screen = np.full((60, 80), 240, np.uint8)
    screen[10:20, 10:60] = scan(0)[10:20, 10:60]
    (finding,) = found(usual, seen(59, screen)).values()
    assert finding.check == "screenshot-or-drawing" and finding.severity == "warning"
    assert numbers(finding) == [59]
    bright = [case(n, flat=0.6, look=usual[n].measured.look) for n in range(60)]
    assert found(bright) == {}


def test_a_colourful_image_is_odd_among_grey_ones_only(usual: list[Case]) -> None:
    (finding,) = found(usual, seen(59, scan(59), chroma=0.4)).values()
    assert finding.check == "colour-photograph" and numbers(finding) == [59]
    made_grey = seen(59, scan(59), flags="colour,colourful")
    assert set(found(usual, made_grey)) == {"colour-photograph"}
    assert found(usual, seen(59, scan(59), flags="colour", chroma=0.01)) == {}
    tissue = [seen(n, scan(n), chroma=0.8) for n in range(60)]
    assert found(tissue) == {}


def test_few_images_do_not_tell_what_is_usual(usual: list[Case]) -> None:
    assert found(usual[:10], seen(9, to_grey(data.camera()))) == {}
    assert oddities([]) == []


def test_what_shows_nothing_is_not_judged(usual: list[Case]) -> None:
    blank = seen(58, np.full((60, 80), 90, np.uint8), content=0.0)
    broken = case(59, problem="torn")
    assert found(usual, blank, broken) == {}


def test_strangeness_of_more_images_than_are_compared_with(
    monkeypatch: pytest.MonkeyPatch, usual: list[Case]
) -> None:
    looks = np.stack([np.frombuffer(each.measured.look, np.float32) for each in usual])
    looks = np.concatenate([looks, looks + 0.01, looks - 0.01])
    looks[100] += 3
    monkeypatch.setattr("pipelines.datasets.audit.oddities._REFERENCE", 50)
    strange = strangeness(looks)
    assert strange.argmax() == 100 and strange[100] > 5
    assert np.median(strange) == pytest.approx(0)
