import pytest
from scipy.stats import binomtest

from pipelines.evaluation.mcnemar import mcnemar_p


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 9), (9, 3), (47, 24), (6, 6)])
def test_it_is_the_binomial_test_of_the_images_that_they_disagree_on(
    first: int, second: int
) -> None:
    assert mcnemar_p(first, second) == pytest.approx(binomtest(first, first + second).pvalue)


def test_without_disagreement_there_is_no_difference() -> None:
    assert mcnemar_p(0, 0) == 1
