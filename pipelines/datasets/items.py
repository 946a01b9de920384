"""The entries of dataset.json, with groups and folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pipelines.datasets.dataset import Item
from pipelines.datasets.job import Job
from pipelines.datasets.record import Record
from pipelines.datasets.splits import make_folds
from pipelines.datasets.worker import IMAGES, MASKS


def make_items(
    chosen: Sequence[int],
    jobs: Sequence[Job],
    records: Sequence[Record],
    groups: Mapping[int, str],
    folds: Mapping[int, int],
    labels: Sequence[str] | None,
) -> list[Item]:
    """Makes the entries of some samples.

    Args:
        chosen: the places of the samples.
        jobs: all samples with their names.
        records: what the workers reported of each.
        groups: the name of the group of each that is chosen, by place.
        folds: the fold of each, by place; none for the test part.
        labels: of a classification, the class names in the order of their indices.

    Returns:
        The entries, in order.
    """
    return [
        _item(jobs[place], records[place], groups[place], folds.get(place), labels)
        for place in chosen
    ]


def _item(
    job: Job, record: Record, group: str, fold: int | None, labels: Sequence[str] | None
) -> Item:
    sample = job.sample
    item: Item = {
        "image": f"{IMAGES}/{job.name}",
        "label": f"{MASKS}/{job.name}" if labels is None else labels.index(sample.category),
        "class": sample.category,
        "group": group,
    }
    if fold is not None:
        item["fold"] = fold
    item["source"] = sample.source
    item |= record.entries
    if sample.part is not None:
        item["part"] = sample.part
    return item | dict(sample.columns)


def group_names(groups: Sequence[int], kept: Sequence[int]) -> dict[int, str]:
    """Names the groups of the samples that are kept ``g0001``, … in order of first members."""
    numbers: dict[int, int] = {}
    return {
        index: f"g{numbers.setdefault(groups[index], len(numbers) + 1):04d}"
        for index in sorted(kept)
    }


def fold_numbers(
    classes: Mapping[int, str],
    groups: Mapping[int, str],
    folds: int,
    seed: int,
    warn: Callable[[str], None] | None = None,
) -> dict[int, int]:
    """Assigns folds to samples, by their places; see ``splits.make_folds``."""
    of_groups = [groups[place] for place in classes]
    assigned = make_folds([*classes.values()], of_groups, folds, seed, warn)
    return dict(zip(classes, assigned, strict=True))


def several(items: Sequence[Item]) -> int:
    """Counts the groups that have several images."""
    sizes = Counter(item["group"] for item in items)
    return sum(size > 1 for size in sizes.values())
