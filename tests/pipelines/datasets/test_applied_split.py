from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.datasets.applied_split import apply_split
from pipelines.datasets.dataset import Dataset
from pipelines.datasets.split import split
from pipelines.datasets.split_file import export_split, read_split_file
from pipelines.datasets.split_options import SplitOptions
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import GROUPS, make_dataset, make_items, quiet


@pytest.fixture
def before() -> Dataset:
    return make_dataset(make_items(GROUPS))


@pytest.fixture
def made(before: Dataset) -> Dataset:
    return split(before, SplitOptions(folds=4, test=0.2, seed=3), quiet)


@pytest.fixture
def file(made: Dataset, tmp_path: Path) -> Path:
    export_split(made, tmp_path / "split.json")
    return tmp_path / "split.json"


def test_the_same_images_get_the_same_split_elsewhere(
    before: Dataset, made: Dataset, file: Path
) -> None:
    applied = apply_split(before, read_split_file(file))
    assert (applied.items, applied.testing) == (made.items, made.testing)
    assert applied.source["split"]["applied"] == f"made {read_split_file(file).digest}"
    assert (applied.source["seed"], applied.source["folds"]) == (3, 4)
    assert not applied.leaky


def test_names_and_order_do_not_matter(before: Dataset, made: Dataset, file: Path) -> None:
    renamed = [{**item, "image": f"images/{n}.png"} for n, item in enumerate(before.items[::-1])]
    applied = apply_split(replace(before, items=tuple(renamed)), read_split_file(file))
    for one, other in ((applied.items, made.items), (applied.testing, made.testing)):
        folds = {item["sha256"]: item.get("fold") for item in one}
        assert folds == {item["sha256"]: item.get("fold") for item in other}


def test_equal_images_are_told_apart_by_their_names(tmp_path: Path) -> None:
    items = [{**item, "sha256": "a" * 64} for item in make_items([("a", 1)] * 6)]
    made = make_dataset(items)
    export_split(made, tmp_path / "split.json")
    shuffled = replace(made, items=made.items[::-1])
    applied = apply_split(shuffled, read_split_file(tmp_path / "split.json"))
    assert applied.items == made.items


def test_other_images_are_refused_and_named(before: Dataset, file: Path) -> None:
    items = list(before.items)
    items[0] = {**items[0], "sha256": "0" * 64}
    with pytest.raises(InputError) as caught:
        apply_split(replace(before, items=tuple(items)), read_split_file(file))
    text = str(caught.value)
    assert "is the split of another dataset (hash " in text and "\n" not in text
    assert f"1 of its {len(items)} images are missing in /d (such as images/a_0001.png)" in text
    assert f"1 of the {len(items)} images there are missing in the file" in text
    with pytest.raises(InputError, match="1 of its"):
        apply_split(replace(before, items=before.items[1:]), read_split_file(file))


def test_a_split_that_would_part_a_group_here_is_refused(before: Dataset, file: Path) -> None:
    items = tuple({**item, "group": "one"} for item in before.items)
    with pytest.raises(InputError, match=r"on two sides, which are one group \(one\) here"):
        apply_split(replace(before, items=items), read_split_file(file))


def test_a_leaky_split_stays_marked(before: Dataset, tmp_path: Path) -> None:
    made = split(before, SplitOptions(leaky=True), quiet)
    export_split(made, tmp_path / "split.json")
    applied = apply_split(before, read_split_file(tmp_path / "split.json"))
    assert applied.leaky and applied.items == made.items
    honest = split(before, SplitOptions(), quiet)
    export_split(honest, tmp_path / "honest.json")
    assert not apply_split(applied, read_split_file(tmp_path / "honest.json")).leaky
