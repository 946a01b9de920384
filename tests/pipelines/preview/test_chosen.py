"""The chosen images are spread, the same each time, and not the first ones."""

from collections import Counter

from pipelines.preview.chosen import choose
from tests.pipelines.preview.made_dataset import entry

ITEMS = [
    entry(f"images/{number:03d}.png", fold=number % 5, group=f"g{number // 15}_{number % 5}")
    for number in range(150)
]
"""Five folds of thirty images; ten groups of three images in each."""


def test_every_fold_gives_as_many() -> None:
    chosen = choose(ITEMS, 20, seed=0)
    assert Counter(item["fold"] for item in chosen) == dict.fromkeys(range(5), 4)


def test_no_group_gives_two_before_all_gave_one() -> None:
    assert max(Counter(item["group"] for item in choose(ITEMS, 50, 0)).values()) == 1
    assert Counter(Counter(item["group"] for item in choose(ITEMS, 100, 0)).values()) == {2: 50}


def test_a_fold_that_has_few_gives_all() -> None:
    items = [entry("images/a.png", 0), *(entry(f"images/b{n}.png", 1) for n in range(9))]
    assert Counter(item["fold"] for item in choose(items, 5, 0)) == {0: 1, 1: 4}


def test_neither_the_order_of_the_items_nor_the_call_matters() -> None:
    assert choose(ITEMS, 24, 3) == choose(ITEMS[::-1], 24, 3) == choose(ITEMS, 24, 3)


def test_another_seed_chooses_others_and_none_the_first_ones() -> None:
    one, other = ([item["image"] for item in choose(ITEMS, 24, seed)] for seed in (0, 1))
    assert set(one) != set(other)
    assert set(one) != {item["image"] for item in ITEMS[:24]}


def test_more_images_keep_those_that_fewer_showed() -> None:
    few = {item["image"] for item in choose(ITEMS, 10, 0)}
    assert few < {item["image"] for item in choose(ITEMS, 30, 0)}


def test_all_are_shown_where_there_are_no_more() -> None:
    chosen = choose(ITEMS, 1000, 0)
    assert len(chosen) == 150
    places = [(item["fold"], item["image"]) for item in chosen]
    assert places == sorted(places)
