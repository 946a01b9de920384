"""An image of the dataset with what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.datasets.audit.measured import Measured
from pipelines.datasets.dataset import Item

TESTING = "testing"


@dataclass(frozen=True, slots=True)
class Case:
    """An image of the dataset with what was measured of it.

    Attributes:
        item: its entry in dataset.json.
        measured: what its pixels tell.
    """

    item: Item
    measured: Measured

    @property
    def image(self) -> str:
        """Its path in the folder."""
        return str(self.item["image"])

    @property
    def category(self) -> str:
        """Its class."""
        return str(self.item["class"])

    @property
    def group(self) -> str:
        """Its group."""
        return str(self.item["group"])

    @property
    def place(self) -> str:
        """The side of the split that it stands on: ``fold 2``, or ``testing``."""
        return f"fold {self.item['fold']}" if "fold" in self.item else TESTING

    @property
    def part(self) -> str | None:
        """The side of the split that the data came with, where they came split."""
        return self.item.get("part")
