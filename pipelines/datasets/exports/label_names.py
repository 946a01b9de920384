"""The labels of a dataset as a list, for formats that know no gaps."""

from __future__ import annotations

from pipelines.datasets.dataset import Dataset
from pipelines.errors import InputError


def label_names(dataset: Dataset) -> list[str]:
    """Gives the labels in the order of their indices.

    Args:
        dataset: the dataset.

    Returns:
        The names, all different.

    Raises:
        InputError: the indices are not 0, 1, 2, …, or two have the same name.
    """
    order = [str(index) for index in range(len(dataset.labels))]
    if sorted(dataset.labels) != sorted(order):
        found = ", ".join(dataset.labels)
        raise InputError(
            f"{dataset.folder}: the labels have the indices {found}; expected 0, 1, 2, … without a "
            "gap. Convert the raw folder again"
        )
    names = [dataset.labels[index] for index in order]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{dataset.folder}: two labels are called {twice}; rename one of them")
    return names
