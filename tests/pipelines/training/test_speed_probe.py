"""The fastest is taken; float32 stays where the others gain little; a probe keeps to its time."""

import logging
import time
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training import speed_probe
from pipelines.training.class_loss import ClassLoss
from pipelines.training.speed_probe import Timing, fastest_of, probe, table_line

CHOICES = [(p, m) for p in ("float32", "bfloat16") for m in ("contiguous", "channels_last")]


def timings(*milliseconds: float) -> list[Timing]:
    return [Timing(*c, ms, 16) for c, ms in zip(CHOICES, milliseconds, strict=True)]


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        ((100, 50, 60, 70), ("float32", "channels_last")),
        ((100, 99, 97, 96), ("float32", "channels_last")),  # bfloat16 gains 3 % only
        ((100, 110, 94, 90), ("bfloat16", "channels_last")),
        ((100, 60, 50, 90), ("bfloat16", "contiguous")),
    ],
)
def test_the_fastest_is_taken_where_it_gains(milliseconds: Any, expected: Any) -> None:
    assert fastest_of(timings(*milliseconds))[:2] == expected


def test_without_float32_the_fastest_is_taken() -> None:
    assert fastest_of(timings(1, 1, 9, 8)[2:])[:2] == ("bfloat16", "channels_last")


def test_the_line_tells_all() -> None:
    tried = timings(100, 50.4, 60, 70)
    assert table_line(tried, tried[1]) == (
        "ms for a training step of 16 images: float32 contiguous 100, float32 channels_last 50, "
        "bfloat16 contiguous 60, bfloat16 channels_last 70; taken: float32 channels_last"
    )


class Sleeping:
    """A step that takes a time for each image; float32 contiguous twice as long."""

    device = torch.device("cuda")  # timed by the clock on the wall
    per_image = 0.001
    calls: ClassVar[list[tuple[str, int]]] = []

    def __init__(self, network: Any, loss: Any, size: int, device: Any, *kind: str) -> None:
        self.kind = kind

    def __call__(self, images: int) -> float:
        seconds = self.per_image * images * (2 if self.kind == CHOICES[0] else 1)
        time.sleep(seconds)
        self.calls.append((self.kind[0], images))
        return seconds


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> type[Sleeping]:
    monkeypatch.setattr(speed_probe, "TrialStep", Sleeping)
    monkeypatch.setattr(Sleeping, "calls", [])
    return Sleeping


def run(**given: Any) -> list[Timing]:
    return probe(nn.Identity(), ClassLoss(), 32, "cpu", CHOICES, **given)


def test_each_candidate_is_timed(sleeping: type[Sleeping]) -> None:
    found = run()
    assert [timing[:2] for timing in found] == CHOICES
    assert {timing.images for timing in found} == {16}
    assert [timing.milliseconds for timing in found] == [32, 16, 16, 16]


def test_a_probe_takes_no_more_images_than_there_are(sleeping: type[Sleeping]) -> None:
    run(most_images=5)
    assert max(images for _, images in sleeping.calls) == 4


def test_a_slow_network_gets_small_batches_and_few_steps(
    sleeping: type[Sleeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sleeping, "per_image", 0.02)
    started = time.monotonic()
    found = run(budget=0.4)
    assert time.monotonic() - started < 0.8  # two steps of each, and two to learn the speed
    assert {timing.images for timing in found} == {2}
    assert len(sleeping.calls) == 2 + 2 * len(CHOICES)


def test_a_wait_for_others_costs_nothing_on_the_cpu(
    sleeping: type[Sleeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sleeping, "device", torch.device("cpu"))
    assert max(timing.milliseconds for timing in run()) < 8  # asleep for 16 and 32


def test_no_memory_is_told(sleeping: type[Sleeping], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Sleeping, images: int) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Sleeping, "__call__", fail)
    with pytest.raises(InputError, match="no memory for a training step of 2 images of 32 x 32"):
        run()


def test_real_steps_are_timed(caplog: pytest.LogCaptureFixture) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.LazyLinear(3))
    network(torch.zeros(1, 1, 8, 8))
    with caplog.at_level(logging.INFO):
        found = probe(network, ClassLoss(), 8, "cpu", CHOICES, 2, budget=0.01)
    assert all(timing.milliseconds > 0 for timing in found)
