"""The pictures on which the formats of a package are compared: those of the dataset, or made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.datasets.dataset import Dataset, Item
from pipelines.deployment.made_pictures import PHANTOM_OF, made_pictures

LEAST = 100
"""Pictures on which formats are compared."""

_SIZE = 256  # pixels of the longer side of made pictures
_OTHERS = "busi"


def agreement_pictures(
    dataset: Dataset | None, bundle: str, folder: Path, count: int = LEAST
) -> tuple[list[Path], str]:
    """Gives pictures that are spread evenly over the dataset; made ones where it has too few.

    Args:
        dataset: the run's; None where it is not at hand.
        bundle: what the made pictures are of.
        folder: an empty folder for made pictures.
        count: how many are given.

    Returns:
        The files, and what they are in words.
    """
    own = []
    if dataset is not None:
        own = spread_pictures(dataset, (*dataset.items, *dataset.testing), count)
    if len(own) == count:
        return own, f"{count} images of the dataset"
    wanted = count - len(own)
    phantom = PHANTOM_OF.get(bundle, _OTHERS)
    made = made_pictures(phantom, folder / phantom, wanted, seed=0, size=_SIZE)
    if not own:
        return made, f"{wanted} made images"
    return own + made, f"{len(own)} images of the dataset and {wanted} made ones"


def spread_pictures(dataset: Dataset, items: Sequence[Item], count: int) -> list[Path]:
    """Gives at most so many images of some items of a dataset, spread evenly over them."""
    taken = items if len(items) <= count else [items[k * len(items) // count] for k in range(count)]
    return [Path(dataset.resolved(item)["image"]) for item in taken]
