"""A split that leaks on purpose, to show by how much its scores are too good."""

from __future__ import annotations

from collections import defaultdict

from pipelines.datasets.dataset import Dataset


def split_groups(dataset: Dataset) -> list[str]:
    """Names the groups that stand on two sides of a split, sorted.

    Args:
        dataset: a dataset with folds.

    Returns:
        The groups with images in two folds, or in a fold and in the part ``testing``.
    """
    homes: dict[str, set[int | None]] = defaultdict(set)
    for item in (*dataset.items, *dataset.testing):
        homes[item["group"]].add(item.get("fold"))
    return sorted(name for name, home in homes.items() if len(home) > 1)


def leaky_text(dataset: Dataset) -> str:
    """Says that a split leaks on purpose, and how much.

    Args:
        dataset: a dataset that is marked as leaky.

    Returns:
        The line.
    """
    groups = {item["group"] for item in (*dataset.items, *dataset.testing)}
    return (
        f"leaky split, made on purpose: {len(split_groups(dataset))} of {len(groups)} "
        "groups stand on both sides. Scores will be too good, and each carries the mark; a split "
        "without --leaky clears it"
    )
