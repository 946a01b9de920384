"""Where a model computes."""

from __future__ import annotations

import torch

from pipelines.errors import InputError


def usable_device(name: str | None) -> str:
    """Gives the device of a name, if it is there.

    Args:
        name: ``cpu``, ``cuda`` or ``cuda:1``; by default a GPU where there is one.

    Raises:
        InputError: there is no such device.
    """
    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise InputError(f"{name!r} is no device; expected cpu, or cuda for a GPU")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= count:
        has = f"has {count} of them" if count else "has none that PyTorch can use"
        raise InputError(f"{name} is a GPU, and this machine {has}; expected cpu or another GPU")
    return name
