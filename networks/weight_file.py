"""What is wrong with a file that should hold a network's weights, said before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from networks.errors import NetworkError

_PAGES = (b"<!doctype", b"<html", b"<?xml")


def check_kind(path: Path) -> None:
    """Refuses an empty file, and a page that a server sent instead of the weights.

    Args:
        path: a file; one that is absent is left to its reader.

    Raises:
        NetworkError: it is one of these.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise NetworkError(
            f"{path} cannot be read as weights: the file is empty; copy or download it again"
        )
    if start.lstrip().lower().startswith(_PAGES):
        raise NetworkError(
            f"{path} cannot be read as weights: it is a web page, which a server sent instead; "
            "download the file again, by the link of the file itself"
        )


def check_finite(state: Mapping[str, torch.Tensor], source: str | Path) -> None:
    """Refuses weights that no network can answer with.

    Args:
        state: tensors by name.
        source: where they are from.

    Raises:
        NetworkError: some are NaN or infinite.
    """
    wrong = [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]
    if wrong:
        raise NetworkError(
            f"{source} holds NaN or infinite numbers in {len(wrong)} of {len(state)} tensors "
            f"(first: {wrong[0]}): its training went astray. Take other weights, or train again "
            "with a lower learning_rate"
        )
