"""Complete an item that names its image and its mask, and nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from monai.transforms import Transform


class CompleteItem(Transform):
    """Give an item what a validation needs beside ``image`` and ``label``; what is there stays.

    Items of a dataset folder have it all. Those that MONAI Label hands over are two paths: their
    ``id`` is then the image's name, each is a group of its own, the ``class`` is empty, and
    ``truth`` is the mask's path again, which is read at native resolution.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Complete one item, before anything of it is loaded."""
        name = Path(str(data["image"])).name
        known: dict[Hashable, Any] = {"id": name, "group": name, "class": ""}
        if "label" in data:
            known["truth"] = data["label"]
        return known | dict(data)
