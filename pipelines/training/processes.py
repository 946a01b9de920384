"""Several processes that train together, as ``torchrun`` starts them."""

from __future__ import annotations

from typing import Any

import ignite.distributed as idist
import torch

from pipelines.errors import InputError


def start() -> None:
    """Join the processes that ``torchrun`` started: NCCL where each has a GPU, else gloo on CPU.

    Raises:
        InputError: this process was not started by ``torchrun``.
    """
    if not torch.distributed.is_torchelastic_launched():
        raise InputError(
            "multi_gpu_train.json needs several processes; start it with "
            "torchrun --nproc_per_node=2 -m monai.bundle run --config_file …"
        )
    if idist.get_world_size() == 1 and not torch.distributed.is_initialized():
        idist.initialize("nccl" if torch.cuda.is_available() else "gloo")


def stop() -> None:
    """Leave the group of processes."""
    idist.finalize()


def gathered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Joins what every process collected, the first one's first; of one process its own rows."""
    if idist.get_world_size() == 1:
        return rows
    parts: list[Any] = [None] * idist.get_world_size()
    torch.distributed.all_gather_object(parts, rows)
    return [row for part in parts for row in part]


def summed(sums: torch.Tensor) -> torch.Tensor:
    """Adds up a tensor over the processes; of one process it is its own."""
    # A copy: summing over the processes happens in place.
    return idist.all_reduce(sums.clone()) if idist.get_world_size() > 1 else sums
