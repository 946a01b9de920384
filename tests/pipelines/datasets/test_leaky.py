from __future__ import annotations

from pipelines.datasets.leaky import leaky_text, split_groups
from tests.pipelines.datasets.made_split import make_dataset, make_item


def test_groups_on_two_sides_are_counted() -> None:
    items = [
        make_item(0, "a", "g1", fold=0),
        make_item(1, "a", "g1", fold=1),
        make_item(2, "a", "g2", fold=2),
        make_item(3, "a", "g3", fold=0),
        make_item(4, "a", "g4", fold=1),
        make_item(5, "a", "g4", fold=1),
    ]
    dataset = make_dataset(items, testing=[make_item(6, "a", "g2")])
    assert split_groups(dataset) == ["g1", "g2"]
    assert leaky_text(dataset).startswith(
        "leaky split, made on purpose: 2 of 4 groups stand on both sides."
    )
