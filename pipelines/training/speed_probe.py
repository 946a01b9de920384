"""Try a few training steps in each number format and memory layout, and take the fastest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training.out_of_memory import is_out_of_memory
from pipelines.training.trial_step import TrialStep

BUDGET = 8.0
"""Seconds that a probe may take, about: each candidate takes two steps at least."""

GAIN = 0.05
"""A coarser number format must save this share of float32's time to be taken."""

_STEPS = 3
_MOST_IMAGES = 16
_FEWEST_IMAGES = 2  # batch norm over a single one can fail


class Timing(NamedTuple):
    """How long a training step takes.

    Attributes:
        precision: a key of ``PRECISIONS``.
        memory_layout: a key of ``LAYOUTS``.
        milliseconds: of the fastest step; on the CPU of each thread's processor time.
        images: size of its batch.
    """

    precision: str
    memory_layout: str
    milliseconds: float
    images: int


Candidate = tuple[str, str]


def probe(
    network: nn.Module,
    loss: Callable[..., torch.Tensor],
    image_size: int,
    device: str | torch.device,
    choices: Sequence[Candidate],
    most_images: int = _MOST_IMAGES,
    budget: float = BUDGET,
) -> list[Timing]:
    """Times training steps of each candidate; a slow network is given smaller batches.

    Args:
        network: the network; copies of it are trained, it stays as it is.
        loss: takes logits and class indices.
        image_size: side of the square images in pixels.
        device: where it computes.
        choices: pairs of precision and memory layout.
        most_images: largest batch that is worth a trial.
        budget: seconds for all of them.

    Returns:
        A timing for each candidate, in their order.

    Raises:
        InputError: not even the smallest batch fits into memory.
    """
    share = budget / len(choices)

    def step_of(candidate: Candidate) -> TrialStep:
        return TrialStep(network, loss, image_size, device, *candidate)

    try:
        images = _affordable(step_of(choices[0]), share, min(most_images, _MOST_IMAGES))
        return [
            Timing(*candidate, _milliseconds(step_of(candidate), images, share), images)
            for candidate in choices
        ]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"there is no memory for a training step of {_FEWEST_IMAGES} images of {image_size} x "
            f"{image_size} pixels; choose a smaller network or image_size, or another device"
        ) from error


def fastest_of(timings: Sequence[Timing]) -> Timing:
    """Chooses the fastest; float32 where the others gain less than ``GAIN``.

    Args:
        timings: one at least.
    """
    fastest = min(timings, key=lambda timing: timing.milliseconds)
    exact = [timing for timing in timings if timing.precision == "float32"]
    best_exact = min(exact, key=lambda timing: timing.milliseconds, default=fastest)
    gains = fastest.milliseconds < (1 - GAIN) * best_exact.milliseconds
    return fastest if gains else best_exact


def table_line(timings: Sequence[Timing], chosen: Timing) -> str:
    """Tells what was tried and what was taken, in a line."""
    tried = ", ".join(f"{t.precision} {t.memory_layout} {t.milliseconds:.0f}" for t in timings)
    return (
        f"ms for a training step of {chosen.images} images: {tried}; taken: {chosen.precision} "
        f"{chosen.memory_layout}"
    )


def _affordable(step: TrialStep, share: float, most: int) -> int:
    """The largest power of two of images whose steps one candidate's share of time allows."""
    fewest = min(_FEWEST_IMAGES, most)
    step(fewest)
    per_image = step(fewest) / fewest
    images = fewest
    while 2 * images <= most and 2 * images * per_image * (_STEPS + 1) <= share:
        images *= 2
    return images


def _milliseconds(step: TrialStep, images: int, share: float) -> float:
    started = time.monotonic()
    step(images)  # the first one prepares the kernels
    costs = [_cost(step, images)]
    while len(costs) < _STEPS and (time.monotonic() - started) * (1 + 1 / len(costs)) < share:
        costs.append(_cost(step, images))
    return round(1000 * min(costs), 1)


def _cost(step: TrialStep, images: int) -> float:
    """Seconds of a step; on the CPU of processor time, which others on the machine do not take."""
    if step.device.type != "cpu":
        return step(images)
    started = time.process_time()
    step(images)
    return (time.process_time() - started) / torch.get_num_threads()
