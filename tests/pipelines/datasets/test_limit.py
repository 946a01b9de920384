from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.limit import check_limit, limited
from pipelines.datasets.options import Options
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, Made


def test_a_limit_takes_some_of_every_class(made: Made) -> None:
    done = made.convert(limit=6)
    assert [item["class"] for item in done.dataset.items].count("a") == 3
    assert [item["source"] for item in done.dataset.items] == [
        f"x/{n}.png" for n in (0, 1, 4, 5, 8, 9)
    ]


def test_a_limit_below_the_folds_is_to_blame_itself(made: Made) -> None:
    with pytest.raises(InputError) as caught:
        made.convert(limit=2)
    assert str(caught.value) == (
        '--limit 2 leaves class "a" 1 group, fewer than the 3 folds; raise --limit'
    )
    with pytest.raises(InputError, match=r"give more images|would fit"):
        made.convert(limit=99, folds=7)


def test_of_a_limit_one_class_is_enough_where_thin_ones_may_stay() -> None:
    classes, groups = ["a", "a", "a", "b"], ["1", "2", "3", "4"]
    check_limit(classes, groups, Options(limit=4, folds=3, skip_bad=True))
    with pytest.raises(InputError, match='--limit 4 leaves class "b" 1 group'):
        check_limit(classes, groups, Options(limit=4, folds=3))
    with pytest.raises(InputError, match="raise --limit"):
        check_limit(classes, groups, Options(limit=4, folds=4, skip_bad=True))


def test_what_a_class_lacks_the_others_give() -> None:
    samples = [Sample(f"{n}", Given(np.zeros((1, 1))), "a" if n < 2 else "b") for n in range(12)]
    assert [s.source for s in limited(samples, 6)] == ["0", "1", "2", "4", "7", "9"]
    assert limited(samples, 99) == samples
    assert [s.category for s in limited(samples, 3)] == ["a", "a", "b"]
