import numpy as np
import pytest

from pipelines.evaluation.group_ranking import group_ranking, ranking_areas
from pipelines.evaluation.ranking_scores import auroc, average_precision, ranking


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("digits", [1, 9])
def test_both_areas_are_those_of_the_cases_weighted_one_by_one(digits: int, kind) -> None:
    rng = np.random.default_rng(digits)
    positive, groups = rng.random(90) < 0.3, rng.integers(0, 40, 90)
    values = np.round(rng.normal(positive * 0.8), digits)
    counts = rng.integers(0, 4, (6, 40)).astype(kind)
    areas, precisions = ranking_areas(group_ranking(values, positive, groups), counts)
    ranked, weights = ranking(values, positive), counts[:, groups].astype(float)
    accuracy = 1e-5 if kind == np.float32 else 1e-12
    assert areas == pytest.approx(auroc(ranked, weights), rel=accuracy)
    assert precisions == pytest.approx(average_precision(ranked, weights), rel=accuracy)


def test_one_kind_of_cases_alone_has_no_area() -> None:
    places = np.arange(3)
    ranked = group_ranking(np.arange(3.0), np.array([True, False, False]), places)
    areas, precisions = ranking_areas(ranked, np.array([[1.0, 0, 0], [0, 1, 1], [1, 1, 0]]))
    assert np.isnan(areas).tolist() == [True, True, False]
    assert np.isnan(precisions).tolist() == [False, True, False]
