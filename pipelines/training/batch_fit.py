"""Find the largest batch that a training step has memory for."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from pipelines.errors import InputError
from pipelines.training.free_memory import free_memory
from pipelines.training.out_of_memory import is_out_of_memory
from pipelines.training.trial_step import TrialStep

LARGEST = 64
"""No larger batch is tried: an epoch of a small dataset must keep its steps."""

CPU_SHARE = 0.5
"""Share of the free memory that a step may keep on the CPU, where too much ends the process: the
rest is for what a step needs in passing, for cached images and loaders."""

GPU_SHARE = 0.9
"""Share of a GPU's free memory that a step may take."""

_OPTIMIZER_COPIES = 4
"""Of the weights: gradients, two moments of Adam, and their moving average."""


def largest_batch(step: TrialStep, most: int, processes: int = 1) -> int:
    """Gives the largest power of two of images that fits, up to ``LARGEST``.

    On a GPU steps are tried. On the CPU two small steps tell what an image costs: the system would
    end a process that takes too much, and no trial could be taken back.

    Args:
        step: a training step with everything that will ever train unfrozen.
        most: images that train; no more are needed.
        processes: that share the memory of this machine.

    Raises:
        InputError: not even two images fit, or the free memory cannot be told.
    """
    sizes = [2**power for power in range(1, LARGEST.bit_length()) if 2**power <= max(most, 2)]
    is_gpu = step.device.type == "cuda"
    fits = _tried(step, sizes) if is_gpu else _computed(step, sizes, processes)
    found = max(fits, default=0)
    if not found:
        raise InputError(
            "batch_size auto: there is no memory for a training step of two images; choose a "
            "smaller network or image_size, or another device"
        )
    return min(found, most)


def kept_bytes(step: TrialStep, images: int) -> int:
    """Counts the bytes that a forward pass keeps for the backward pass, weights left out.

    Args:
        step: the training step.
        images: size of the batch.
    """
    weights = {p.untyped_storage().data_ptr() for p in step.network.parameters()}
    found: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step(images)
    return sum(found.values())


def _computed(step: TrialStep, sizes: list[int], processes: int) -> Iterator[int]:
    small, double = (kept_bytes(step, images) for images in (2, 4))
    per_image = max((double - small) / 2, 1)
    fixed = max(small - 2 * per_image, 0) + _OPTIMIZER_COPIES * _weight_bytes(step)
    allowed = CPU_SHARE * free_memory(step.device) / processes
    return (size for size in sizes if fixed + size * per_image <= allowed)


def _tried(step: TrialStep, sizes: list[int]) -> Iterator[int]:
    free = free_memory(step.device) + torch.cuda.memory_reserved(step.device)
    free -= torch.cuda.memory_allocated(step.device)
    allowed = GPU_SHARE * free - _OPTIMIZER_COPIES * _weight_bytes(step)
    for size in sizes:
        peak = _peak(step, size)
        torch.cuda.empty_cache()
        if peak is None or peak > allowed:
            return
        yield size


def _peak(step: TrialStep, images: int) -> int | None:
    """What a step takes of a GPU's memory at most, in bytes; None where it is too much."""
    torch.cuda.reset_peak_memory_stats(step.device)
    before = torch.cuda.memory_allocated(step.device)
    try:
        step(images)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None
    return torch.cuda.max_memory_allocated(step.device) - before


def _weight_bytes(step: TrialStep) -> int:
    return sum(p.numel() * p.element_size() for p in step.network.parameters())
