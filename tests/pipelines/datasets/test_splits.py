from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.splits import make_folds
from pipelines.errors import InputError


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_folds_never_share_a_group_and_every_fold_is_used(data: st.DataObject) -> None:
    folds = data.draw(st.integers(2, 6))
    classes: list[str] = []
    groups: list[str] = []
    for name in ("a", "b", "c")[: data.draw(st.integers(1, 3))]:
        for number in range(data.draw(st.integers(folds, 12))):
            size = data.draw(st.integers(1, 4))
            classes += [name] * size
            groups += [f"{name}{number}"] * size
    assigned = make_folds(classes, groups, folds, seed=data.draw(st.integers(0, 99)))
    assert set(assigned) == set(range(folds))
    homes: dict[str, set[int]] = {}
    for group, fold in zip(groups, assigned, strict=True):
        homes.setdefault(group, set()).add(fold)
    assert all(len(home) == 1 for home in homes.values())


def test_folds_are_stratified() -> None:
    classes = ["a"] * 50 + ["b"] * 10
    assigned = make_folds(classes, [f"g{n}" for n in range(60)], 5, seed=3)
    for fold in range(5):
        chosen = [name for name, each in zip(classes, assigned, strict=True) if each == fold]
        assert (chosen.count("a"), chosen.count("b")) == (10, 2)


def test_folds_follow_the_seed() -> None:
    groups = [f"g{n}" for n in range(40)]
    assert make_folds(["a"] * 40, groups, 5, 1) == make_folds(["a"] * 40, groups, 5, 1)
    assert make_folds(["a"] * 40, groups, 5, 1) != make_folds(["a"] * 40, groups, 5, 2)


def test_too_few_groups_are_refused() -> None:
    classes, groups = ["a"] * 9 + ["b"] * 5, [f"g{n}" for n in range(9)] + ["h"] * 5
    with pytest.raises(InputError, match='class "b" has 1 groups, fewer than the 5 folds'):
        make_folds(classes, groups, 5)
