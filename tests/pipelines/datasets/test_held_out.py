from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.held_out import Spared, check_share, choose_held_out
from pipelines.errors import InputError


def grouped(sizes: list[int], names: str = "ab") -> tuple[list[str], list[str]]:
    strata, groups = [], []
    for number, size in enumerate(sizes):
        strata += [names[number % len(names)]] * size
        groups += [f"g{number}"] * size
    return strata, groups


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=20, max_size=60),
    st.floats(0.1, 0.5),
    st.integers(0, 99),
)
def test_whole_groups_of_about_the_share(sizes: list[int], share: float, seed: int) -> None:
    strata, groups = grouped(sizes)
    held = choose_held_out(strata, groups, share, seed)
    assert held == choose_held_out(strata, groups, share, seed)
    homes: dict[str, set[bool]] = {}
    for group, out in zip(groups, held, strict=True):
        homes.setdefault(group, set()).add(out)
    assert all(len(home) == 1 for home in homes.values())
    for name in "ab":
        inside = [out for stratum, out in zip(strata, held, strict=True) if stratum == name]
        assert abs(sum(inside) - share * len(inside)) <= max(sizes) / 2


def test_single_images_are_held_out_to_the_image() -> None:
    strata = ["a"] * 100 + ["b"] * 40
    held = choose_held_out(strata, [f"g{n}" for n in range(140)], 0.15, 0)
    assert (sum(held[:100]), sum(held[100:])) == (15, 6)


def test_the_seed_chooses_others() -> None:
    strata, groups = grouped([2] * 40)
    assert choose_held_out(strata, groups, 0.2, 0) != choose_held_out(strata, groups, 0.2, 1)


def test_large_groups_are_held_out_as_often_as_small_ones() -> None:
    strata, groups = grouped([8, 1, 1, 1, 1, 1, 1, 1, 1] * 6, names="a")
    large = 0
    for seed in range(60):
        held = choose_held_out(strata, groups, 0.3, seed)
        large += sum(held[place] for place, group in enumerate(groups) if int(group[1:]) % 9 == 0)
    assert large / (60 * 6 * 8) == pytest.approx(0.3, abs=0.06)


def test_the_folds_keep_what_they_need() -> None:
    strata = ["a"] * 30 + ["b"] * 4
    groups = [f"g{n}" for n in range(34)]
    assert any(choose_held_out(strata, groups, 0.3, 0)[30:])
    assert not any(choose_held_out(strata, groups, 0.3, 0, [Spared(strata, 4)])[30:])
    assert sum(choose_held_out(strata, groups, 0.5, 0, [Spared(strata, 3)])[30:]) == 1


def test_less_than_a_group_is_refused() -> None:
    with pytest.raises(InputError, match=r"--test 0\.01 of 12 images is less than one group"):
        choose_held_out(*grouped([6, 6]), 0.01, 0)


@pytest.mark.parametrize("share", [-0.1, 0.51, 15, float("nan"), float("inf")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(InputError, match=f"--test {share:g} is no share of the images; expected 0"):
        check_share(share)
    check_share(0)
    check_share(0.5)
