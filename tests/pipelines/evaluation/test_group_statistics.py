import numpy as np

from pipelines.evaluation.group_statistics import Quantity, counted


def test_cases_and_their_groups_are_counted() -> None:
    groups = np.array(["a", "a", "b", "c"])
    assert counted(np.array([True, True, False, True]), groups) == (3, 2)
    assert counted(np.zeros(4, dtype=bool), groups) == (0, 0)


def test_most_scores_are_no_plain_proportions() -> None:
    assert Quantity("auroc", "", "", "images", 4, 3).proportion is None
