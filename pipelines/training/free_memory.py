"""How much memory a training may still take, on a GPU or on the CPU."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from pipelines.errors import InputError

_ROOT = Path("/")


def free_memory(device: str | torch.device) -> int:
    """Gives the bytes that can still be had.

    On the CPU that is what the system calls available, or what a container's limit leaves where
    that is less; where a system only tells its whole memory, half of it.

    Args:
        device: where the training runs.

    Raises:
        InputError: it cannot be told on this machine.
    """
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    found = _available()
    if found is None:
        raise InputError(
            "batch_size auto: this system does not tell how much memory is free; give a number, "
            "such as --batch_size 16"
        )
    limit = _container_limit()
    return found if limit is None else min(found, limit)


def _available() -> int | None:
    for line in _text(_ROOT / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _container_limit() -> int | None:
    """What the limit of a control group leaves (version 2, then version 1); None without one."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        folder = _ROOT / "sys/fs/cgroup"
        numbers = [_text(folder / name).strip() for name in (limit, used)]
        if all(number.isdigit() for number in numbers):
            return max(0, int(numbers[0]) - int(numbers[1]))
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
