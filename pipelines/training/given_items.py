"""Lists of images that another program gives a training in place of the dataset's folds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from transforms.upright_reader import UprightReader

Items = Sequence[Mapping[str, Any]]

_SHOWN = 3


def check_given(parts: Mapping[str, Items], train: Items, validate: Items) -> None:
    """Refuses images that would train or choose the model and are scored at its end.

    MONAI Label replaces ``train::dataset::data`` and ``validate::dataset::data`` by its own lists;
    the fold that is scored is still that of the dataset folder. Images are told by their pixels.

    Args:
        parts: what the dataset's folds give; see ``fold_parts``.
        train: the items that train.
        validate: the items that validate.

    Raises:
        InputError: some of them are scored (names them).
    """
    known = {item["image"] for name in ("train", "validate") for item in parts[name]}
    given = [item for item in (*train, *validate) if item["image"] not in known]
    if not given:
        return
    scored = {_digest(item["image"]): Path(item["image"]).name for item in parts["score"]}
    shared = [Path(item["image"]).name for item in given if _digest(item["image"]) in scored]
    if shared:
        more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
        raise InputError(
            f"{len(shared)} of the {len(given)} images that were given are in the fold that is "
            f"scored ({', '.join(shared[:_SHOWN])}{more}): a model must not have seen them. Leave "
            "them out, or set dataset_dir to a dataset of other images"
        )


def _digest(path: str | Path) -> str:
    """Tells a picture by its grey values and its shape, whatever its file."""
    pixels, _ = UprightReader("grey").get_data(Path(path))
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
