import pytest

from pipelines.datasets.options import folds_of_share
from pipelines.errors import InputError


@pytest.mark.parametrize(("share", "folds"), [(0.2, 5), (0.1, 10), (0.25, 4), (0.5, 3), (0.34, 3)])
def test_one_fold_holds_the_share(share: float, folds: int) -> None:
    assert folds_of_share(share) == folds


@pytest.mark.parametrize("share", [0, -0.1, 0.51, 20, float("nan")])
def test_a_share_that_no_fold_can_hold_is_refused(share: float) -> None:
    with pytest.raises(InputError, match=r"--val .* is no share that one fold can hold"):
        folds_of_share(share)
