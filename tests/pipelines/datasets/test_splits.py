from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.splits import make_folds, with_every_stratum
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
    with pytest.raises(InputError) as caught:
        make_folds(classes, groups, 3)
    assert str(caught.value) == (
        'class "b" has 1 group, fewer than the 3 folds; give more images of it (3 folds are the '
        "least, and near-duplicates count as one group), take the class out, or keep it in some "
        "folds only by --skip-bad"
    )


def test_a_thin_class_is_kept_where_warnings_are_taken() -> None:
    classes = ["a"] * 9 + ["b"] * 2
    said: list[str] = []
    assigned = make_folds(classes, [f"g{n}" for n in range(11)], 3, warn=said.append)
    assert set(assigned) == {0, 1, 2}
    assert said == [
        'class "b" has 2 groups, fewer than the 3 folds: it stands in some of them only'
    ]
    with pytest.raises(InputError, match="every class has fewer than 3; give more images"):
        make_folds(["a", "b"], ["g", "h"], 3, warn=said.append)
    with pytest.raises(InputError, match="--folds 4 would fit the largest"):
        make_folds(["a"] * 4 + ["b"], list("ghijk"), 5, warn=said.append)


def test_only_a_number_of_folds_that_helps_is_offered() -> None:
    classes = ["a"] * 4 + ["b"] * 3 + ["c"] * 8
    groups = [f"g{n}" for n in range(len(classes))]
    with pytest.raises(InputError) as caught:
        make_folds(classes, groups, 5)
    assert str(caught.value) == (
        'class "b" has 3 groups, fewer than the 5 folds; give more images of it, or --folds 3'
    )
    assert set(make_folds(classes, groups, 3)) == {0, 1, 2}


def test_each_group_of_a_rare_class_stands_in_another_fold() -> None:
    rare = {"r0": 3, "r1": 2, "r2": 2}
    classes = ["a"] * 60 + ["rare"] * 7
    groups = [f"g{n // 3}" for n in range(60)]
    groups += [name for name, size in rare.items() for _ in range(size)]
    for seed in range(3):
        assigned = make_folds(classes, groups, 3, seed)
        homes = [{f for g, f in zip(groups, assigned, strict=True) if g == name} for name in rare]
        assert sorted(homes, key=min) == [{0}, {1}, {2}]


def test_a_group_is_moved_to_a_fold_that_lacks_its_stratum() -> None:
    codes = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    groups = np.array([0, 1, 2, 3, 4, 5, 6, 6, 7, 8])
    assigned = np.array([0, 0, 1, 1, 2, 2, 0, 0, 0, 1])
    moved = with_every_stratum(codes, groups, assigned, 3)
    assert set(moved[codes == 1]) == {0, 1, 2} and (moved[codes == 0] == assigned[:6]).all()
    assert moved[6] == moved[7]
    few = np.where(groups == 8, 7, groups)  # two groups for three folds
    assert with_every_stratum(codes, few, assigned, 3).tolist() == assigned.tolist()
