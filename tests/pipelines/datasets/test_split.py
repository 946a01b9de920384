from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.dataset import Dataset, check, digest
from pipelines.datasets.leaky import split_groups
from pipelines.datasets.split import in_order, split, with_fold
from pipelines.datasets.split_options import SplitOptions
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import (
    GROUPS,
    make_dataset,
    make_item,
    make_items,
    quiet,
)


def divided(dataset: Dataset, **options: Any) -> Dataset:
    made = split(dataset, SplitOptions(**options), quiet)
    check(made, files=False)
    return made


def homes(dataset: Dataset, key: str = "group") -> dict[str, set[int | None]]:
    found: dict[str, set[int | None]] = {}
    for item in (*dataset.items, *dataset.testing):
        found.setdefault(item[key], set()).add(item.get("fold"))
    return found


@st.composite
def grouped_data(draw: st.DrawFn) -> Dataset:
    """Groups as patients have them: many small, some large, some with images of two classes."""
    seed = draw(st.integers(0, 10**6))
    source = random.Random(seed)
    items = []
    for number in range(draw(st.integers(45, 60))):
        name = "abc"[number % 3]
        for _ in range(min(1 + int(source.expovariate(0.6)), 12)):
            shown = source.choice("abc") if source.random() < 0.05 else name
            items.append(make_item(len(items), shown, f"g{number}"))
    source.shuffle(items)
    return make_dataset(items)


@pytest.mark.parametrize("folds", [3, 5, 10])
@settings(max_examples=10, deadline=None)
@given(dataset=grouped_data(), test=st.sampled_from([0.0, 0.1, 0.15, 0.3]), seed=st.integers(0, 9))
def test_no_group_is_parted_and_every_run_is_the_same(
    folds: int, dataset: Dataset, test: float, seed: int
) -> None:
    made = divided(dataset, folds=folds, test=test, seed=seed)
    assert made.folds == list(range(folds))
    assert all(len(home) == 1 for home in homes(made).values())
    images = [item["image"] for item in (*dataset.items, *dataset.testing)]
    assert sorted(images) == sorted(i["image"] for i in (*made.items, *made.testing))
    again = divided(replace(made, source=dataset.source), folds=folds, test=test, seed=seed)
    assert again == made
    largest = max(Counter(item["group"] for item in dataset.items).values())
    off = abs(len(made.testing) - test * len(images))
    assert off <= (1.5 * largest if test else 0)
    assert set(made.classes) == {item["class"] for item in made.items}


@settings(max_examples=15, deadline=None)
@given(dataset=grouped_data(), seed=st.integers(0, 9))
def test_folds_are_even(dataset: Dataset, seed: int) -> None:
    made = divided(dataset, folds=5, seed=seed)
    largest = max(Counter(item["group"] for item in dataset.items).values())
    for name in made.classes:
        counts = Counter(item["fold"] for item in made.items if item["class"] == name)
        even = sum(counts.values()) / 5
        assert all(abs(counts[fold] - even) <= largest for fold in range(5))


def test_the_file_of_a_split_does_not_depend_on_the_one_before() -> None:
    dataset = make_dataset(make_items(GROUPS))
    first = divided(dataset, folds=4, test=0.2)
    for between in ({"folds": 3}, {"leaky": True, "test": 0.3}, {"folds": 5, "seed": 3}):
        assert divided(divided(first, **between), folds=4, test=0.2) == first


def test_items_keep_their_keys_and_their_order() -> None:
    dataset = make_dataset(make_items(GROUPS, site=["x"] * len(GROUPS)))
    made = divided(dataset, test=0.2)
    keys = [*make_item(0, "a", "g", site="x")]
    assert all(list(item) == keys for item in made.testing)
    keys.insert(keys.index("group") + 1, "fold")
    assert all(list(item) == keys for item in made.items)
    assert list(made.items) == in_order(made.items) and list(made.testing) == in_order(made.testing)
    names = [f"images/a_{number:04d}.png" for number in (2, 10000, 9999)]
    assert [i["image"] for i in in_order([{"image": name} for name in names])] == [
        names[0],
        names[2],
        names[1],
    ]
    assert with_fold({"group": "g", "fold": 3, "class": "a"}, None) == {"group": "g", "class": "a"}


def test_the_options_stand_in_the_source() -> None:
    made = divided(make_dataset(make_items(GROUPS)), folds=4, test=0.2, seed=7)
    assert made.source == {
        "layout": "made",
        "grouping": "patient ids of the data",
        "seed": 7,
        "folds": 4,
        "split": {
            "folds": 4,
            "test": 0.2,
            "group": "group",
            "seed": 7,
            "stratify": ["class"],
            "med2d": made.source["split"]["med2d"],
        },
    }


def test_groups_are_joined_with_a_column_for_good() -> None:
    patients = [f"p{number // 2}" for number in range(len(GROUPS))]
    made = divided(make_dataset(make_items(GROUPS, patient=patients)), group="patient", folds=4)
    assert all(len(home) == 1 for home in homes(made, "patient").values())
    assert len(homes(made)) == len(GROUPS) // 2
    assert made.source["grouping"] == "patient ids of the data, joined with the column patient"
    later = divided(made, folds=4)
    assert homes(later) == homes(made)
    assert later.source["grouping"] == made.source["grouping"]


def test_strata_of_several_columns_are_spread() -> None:
    groups = [("ab"[number % 2], 1) for number in range(60)]
    sites = ["xyz"[number // 2 % 3] for number in range(60)]
    made = divided(make_dataset(make_items(groups, site=sites)), stratify=("class", "site"))
    counts = Counter((item["class"], item["site"], item["fold"]) for item in made.items)
    assert len(counts) == 30 and set(counts.values()) == {2}


def test_a_column_that_some_images_lack_is_told() -> None:
    said: list[str] = []
    sites = [None if number % 2 else "x" for number in range(len(GROUPS))]
    options = SplitOptions(folds=3, stratify=("class", "site"))
    made = split(make_dataset(make_items(GROUPS, site=sites)), options, said.append)
    missing = sum("site" not in item for item in made.items)
    assert said == [
        f'warning: {missing} of {len(made.items)} images have no "site"; they count as one value '
        "of it"
    ]


def test_a_class_with_fewer_groups_than_folds_is_refused_or_told() -> None:
    dataset = make_dataset(make_items([*GROUPS, ("c", 3), ("c", 1)]))
    with pytest.raises(InputError) as caught:
        divided(dataset, folds=5)
    assert str(caught.value) == (
        'class "c" has 2 groups, fewer than the 5 folds; give more images of it (3 folds are the '
        "least, and near-duplicates count as one group), take the class out, or keep it in some "
        "folds only by --allow-rare"
    )
    with pytest.raises(InputError, match=r'class "b" has 8 groups, fewer than the 9 folds.*lds 8$'):
        divided(make_dataset(make_items(GROUPS)), folds=9)
    said: list[str] = []
    options = SplitOptions(folds=5, test=0.2, allow_rare=True)
    made = split(dataset, options, said.append)
    assert 'class "c" has 2 groups, fewer than the 5 folds: it stands in some' in said[0]
    assert said[1] == 'warning: class "c" has no image in the part testing'
    assert made.folds == [0, 1, 2, 3, 4]


def test_the_test_part_never_takes_what_a_fold_needs() -> None:
    dataset = make_dataset(make_items([*[("a", 2)] * 30, *[("b", 2)] * 5]))
    made = divided(dataset, folds=5, test=0.3)
    assert {item["fold"] for item in made.items if item["class"] == "b"} == {0, 1, 2, 3, 4}


def test_the_earlier_test_part_is_dissolved_or_kept() -> None:
    first = divided(make_dataset(make_items(GROUPS)), folds=3, test=0.2)
    said: list[str] = []
    again = split(first, SplitOptions(folds=3), said.append)
    assert again.testing == () and len(again.items) == len(first.items) + len(first.testing)
    assert said[0].startswith(f"warning: the earlier part testing ({len(first.testing)} images)")
    kept = divided(first, folds=4, keep_test=True, seed=1)
    assert kept.testing == first.testing and kept.folds == [0, 1, 2, 3]
    assert kept.source["split"]["keep_test"] is True


def test_a_kept_test_part_must_not_share_a_group() -> None:
    first = divided(make_dataset(make_items(GROUPS)), folds=3, test=0.2)
    member = first.testing[0]
    items = [{**item, "patient": item["group"]} for item in first.items]
    items[0]["patient"] = "p"
    testing = [{**item, "patient": item["group"]} for item in first.testing]
    testing[0]["patient"] = "p"
    joined = replace(first, items=tuple(items), testing=tuple(testing))
    with pytest.raises(InputError) as caught:
        divided(joined, folds=3, keep_test=True, group="patient")
    assert f"{items[0]['image']} is of one group" in str(caught.value)
    assert member["image"] in str(caught.value)
    divided(joined, folds=3, group="patient")


def test_one_site_is_left_out_at_a_time() -> None:
    sites = ["north", "south", "east"] * 8
    groups = [("ab"[number % 2], 2) for number in range(24)]
    dataset = make_dataset(make_items(groups, site=sites))
    made = divided(dataset, leave_out="site")
    assert homes(made, "site") == {"east": {0}, "north": {1}, "south": {2}}
    assert made.source["split"]["leave_out"] == "site" and made.source["folds"] == 3
    tested = divided(dataset, leave_out="site", test=0.25)
    assert {item["site"] for item in tested.testing} == set(sites)
    assert homes(replace(tested, testing=()), "site") == homes(made, "site")


def test_a_class_that_a_site_lacks_is_told() -> None:
    dataset = make_dataset(make_items([("a", 1)] * 6 + [("b", 1)], site=[*"xxyyzz", "x"]))
    said: list[str] = []
    split(dataset, SplitOptions(leave_out="site"), said.append)
    assert said == [
        'warning: class "b" stands in 1 of 3 folds only; the others say nothing about it'
    ]


def test_a_leaky_split_parts_groups_keeps_their_names_and_is_marked() -> None:
    dataset = make_dataset(make_items([("a", 4)] * 12 + [("b", 4)] * 12))
    said: list[str] = []
    made = split(dataset, SplitOptions(leaky=True, test=0.25), said.append)
    assert made.leaky and len(split_groups(made)) > 12
    assert "leaky split, made on purpose" in said[0]
    assert {item["image"]: item["group"] for item in (*made.items, *made.testing)} == {
        item["image"]: item["group"] for item in dataset.items
    }
    counts = Counter((item["class"], item["fold"]) for item in made.items)
    assert max(counts.values()) - min(counts.values()) <= 1 and len(made.testing) == 24
    check(made, files=False)
    with pytest.raises(InputError, match="must stay on one side"):
        check(replace(made, source=dataset.source), files=False)
    honest = divided(made)
    assert not honest.leaky and split_groups(honest) == []
    assert honest == divided(dataset)
    assert digest(replace(honest, source={"leaky": True})) != digest(honest)
