from __future__ import annotations

from pipelines.datasets.strata import joint_strata


def test_one_stratum_for_each_combination() -> None:
    said: list[str] = []
    columns = [["a", "a", "b", "b"], ["x", "y", "x", "y"]]
    assert joint_strata(columns, list("ghij"), 1, said.append) == [
        "a / x",
        "a / y",
        "b / x",
        "b / y",
    ]
    assert said == []


def test_small_ones_are_spread_together_or_with_the_largest_of_their_class() -> None:
    classes = ["a"] * 6 + ["b"] * 6
    sites = ["x", "x", "y", "y", "z", "z"] + ["x"] * 5 + ["y"]
    said: list[str] = []
    strata = joint_strata([classes, sites], [f"g{n}" for n in range(12)], 3, said.append)
    assert strata == ["a / (rest)"] * 6 + ["b / x"] * 6
    assert said == [
        "strata with fewer groups than the 3 folds (4) are spread with others of the same first "
        "value: a / x (2 groups), a / y (2 groups), a / z (2 groups) and 1 more"
    ]


def test_groups_count_not_images() -> None:
    said: list[str] = []
    joint_strata([["a"] * 4, ["x"] * 4], ["g", "g", "h", "h"], 3, said.append)
    assert said == [
        "strata with fewer groups than the 3 folds (1) are spread with others of the same first "
        "value: a / x (2 groups)"
    ]


def test_the_strata_of_one_column_stay() -> None:
    said: list[str] = []
    assert joint_strata([["x", "x", "y"]], list("ghi"), 2, said.append) == ["x", "x", "y"]
    assert said == [
        "strata with fewer groups than the 2 folds (1) stand in some of them only: y (1 group)"
    ]
