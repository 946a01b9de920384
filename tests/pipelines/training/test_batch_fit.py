"""The largest batch is the largest power of two whose step the memory lasts for."""

import pytest
import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training import batch_fit
from pipelines.training.batch_fit import CPU_SHARE, LARGEST, kept_bytes, largest_batch
from pipelines.training.class_loss import ClassLoss
from pipelines.training.trial_step import TrialStep

SIDE = 16
PER_IMAGE = 4 * (SIDE**2 + 4 * SIDE**2 + 4)  # input, ReLU's answer (4 maps), pooled values


@pytest.fixture(scope="module")
def step() -> TrialStep:
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    network = nn.Sequential(*layers, nn.Linear(4, 3))
    return TrialStep(network, ClassLoss(), SIDE, "cpu", "float32", "contiguous")


def weights(step: TrialStep) -> int:
    return sum(4 * p.numel() for p in step.network.parameters())


def test_what_a_step_keeps_is_counted(step: TrialStep) -> None:
    found = kept_bytes(step, 8) - kept_bytes(step, 4)
    assert 4 * PER_IMAGE <= found <= 4 * 1.05 * PER_IMAGE + 64


@pytest.mark.parametrize("fits", [2, 8, 32, 64])
def test_the_memory_decides(fits: int, step: TrialStep, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = (1.4 * fits * PER_IMAGE + 4 * weights(step)) / CPU_SHARE
    monkeypatch.setattr(batch_fit, "free_memory", lambda device: needed)
    assert largest_batch(step, 1000) == fits
    assert largest_batch(step, 1000, processes=2) == fits // 2 if fits > 4 else True


def test_no_more_than_the_cap_and_the_images(
    step: TrialStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_fit, "free_memory", lambda device: 2**40)
    assert largest_batch(step, 10**6) == LARGEST
    assert largest_batch(step, 36) == 32
    assert largest_batch(step, 1) == 1


def test_too_little_for_two_images_is_told(
    step: TrialStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_fit, "free_memory", lambda device: 1000)
    with pytest.raises(InputError, match="no memory for a training step of two images"):
        largest_batch(step, 100)


@pytest.mark.parametrize(("limit", "expected"), [(8, 8), (10**6, 64), (16.5, 16)])
def test_a_gpu_is_tried(
    limit: float, expected: int, step: TrialStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def peak(step: TrialStep, images: int) -> int | None:
        tried.append(images)
        return None if images > limit else images

    monkeypatch.setattr(batch_fit, "_peak", peak)
    monkeypatch.setattr(batch_fit, "free_memory", lambda device: 2**40)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 0)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 0)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(step, "device", torch.device("cuda"))
    assert largest_batch(step, 1000) == expected
    assert tried[-1] == min(2 * expected, LARGEST)  # none after the first that does not fit


def test_a_gpus_failure_is_no_peak(step: TrialStep, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(images: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    fail.device = "cpu"  # type: ignore[attr-defined]
    for name in ("reset_peak_memory_stats", "memory_allocated", "max_memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda device: 0)
    assert batch_fit._peak(fail, 4) is None  # type: ignore[arg-type]
