from itertools import chain

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.subgroups import subgroups

CASES = pd.DataFrame(
    {
        "device": ["GE", "LOGIQ", "", "GE"],
        "flags": ["text,caliper", "", "text", ""],
        "site": ["1", "2", "2", "1"],
    }
)


def members(cases: pd.DataFrame, column: str, bins: int = 4) -> dict[str, list[int]]:
    parts = subgroups(cases, column, bins)
    return {name: np.flatnonzero(which).tolist() for name, which in parts.items()}


def test_values_and_words_make_parts() -> None:
    assert members(CASES, "device") == {"(empty)": [2], "GE": [0, 3], "LOGIQ": [1]}
    assert members(CASES, "flags") == {"caliper": [0], "text": [0, 2], "(none)": [1, 3]}
    assert members(CASES, "site") == {"1": [0, 3], "2": [1, 2]}


@pytest.mark.parametrize("as_text", [True, False])
def test_numbers_are_divided_at_their_quantiles(as_text: bool) -> None:
    ages = pd.Series([10, 20, 30, 40, 50, 60, 70, 80, np.nan])
    cells = ages.map(lambda age: "" if np.isnan(age) else f"{age:g}") if as_text else ages
    parts = members(pd.DataFrame({"age": cells}), "age")
    assert list(parts.values()) == [[0, 1], [2, 3], [4, 5], [6, 7], [8]]
    assert list(parts)[:2] == ["10 to 27.5", ">27.5 to 45"] and "(empty)" in parts


def test_equal_quantiles_make_one_bin() -> None:
    parts = members(pd.DataFrame({"area": [0, 0, 0, 0, 0, 0, 1, 2, 3]}), "area", bins=3)
    assert sorted(chain(*parts.values())) == list(range(9)) and len(parts) == 2


def test_images_without_a_lesion_are_no_small_lesions() -> None:
    areas = pd.DataFrame({"lesion_area": [0, 0, 10.0, 20, 30, 40]})
    parts = members(areas, "lesion_area", bins=2)
    assert parts == {"10 to 25": [2, 3], ">25 to 40": [4, 5], "(no lesion)": [0, 1]}
    assert members(areas[:3], "lesion_area") == {"10 to 10": [2], "(no lesion)": [0, 1]}
    assert members(areas[:2], "lesion_area") == {"(no lesion)": [0, 1]}


def test_infinite_numbers_are_refused_and_lose_no_image() -> None:
    ages = pd.DataFrame({"id": list("abcdef"), "age": ["1", "2", "3", "4", "5", "-inf"]})
    with pytest.raises(InputError, match="--by age: '-inf' of image 'f' lies in no bin"):
        subgroups(ages, "age", 2)
    assert sum(map(len, members(ages[:5], "age", 2).values())) == 5


def test_words_in_place_of_areas_are_parts_by_their_values() -> None:
    words = pd.DataFrame({"lesion_area": ["small", "large", "small"]})
    assert members(words, "lesion_area") == {"large": [1], "small": [0, 2]}


def test_what_makes_no_subgroups_is_refused() -> None:
    with pytest.raises(InputError, match="--by age: there is no such column; there are device"):
        subgroups(CASES, "age")
    names = pd.DataFrame({"name": [f"image {k}" for k in range(51)]})
    with pytest.raises(InputError, match="51 different values; expected at most 50"):
        subgroups(names, "name")
