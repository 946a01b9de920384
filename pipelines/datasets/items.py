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
    jobs: Sequence[Job],
    records: Sequence[Record],
    groups: Mapping[int, str],
    folds: Mapping[int, int],
    labels: Sequence[str] | None,
) -> list[Item]:
    """Makes the entries of some samples.

    Args:
        jobs: the samples with their names.
        records: what the workers reported of them.
        groups: the name of the group of each.
        folds: the fold of each, by index; none for the test part.
        labels: of a classification, the class names in the order of their indices.

    Returns:
        The entries, in order.
    """
    return [
        _item(job, record, groups[job.index], folds.get(job.index), labels)
        for job, record in zip(jobs, records, strict=True)
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
    jobs: Sequence[Job],
    groups: Mapping[int, str],
    folds: int,
    seed: int,
    warn: Callable[[str], None] | None = None,
) -> dict[int, int]:
    """Assigns folds to samples, by their index; see ``splits.make_folds``."""
    classes = [job.sample.category for job in jobs]
    assigned = make_folds(classes, [groups[job.index] for job in jobs], folds, seed, warn)
    return {job.index: fold for job, fold in zip(jobs, assigned, strict=True)}


def several(items: Sequence[Item]) -> int:
    """Counts the groups that have several images."""
    sizes = Counter(item["group"] for item in items)
    return sum(size > 1 for size in sizes.values())
