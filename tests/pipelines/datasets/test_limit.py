from __future__ import annotations

import numpy as np

from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.limit import limited
from tests.pipelines.datasets.made_layout import Given, Made


def test_a_limit_takes_some_of_every_class(made: Made) -> None:
    done = made.convert(limit=6)
    assert [item["class"] for item in done.dataset.items].count("a") == 3
    assert [item["source"] for item in done.dataset.items] == [
        f"x/{n}.png" for n in (0, 1, 4, 5, 8, 9)
    ]


def test_what_a_class_lacks_the_others_give() -> None:
    samples = [Sample(f"{n}", Given(np.zeros((1, 1))), "a" if n < 2 else "b") for n in range(12)]
    assert [s.source for s in limited(samples, 6)] == ["0", "1", "2", "4", "7", "9"]
    assert limited(samples, 99) == samples
    assert [s.category for s in limited(samples, 3)] == ["a", "a", "b"]
