"""A schedule steps once an epoch; one that watches a score steps where there is one."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

from pipelines.errors import InputError
from pipelines.training.schedule import OneCycle, Schedule, check_cycle


def rates(make: Callable[[Any], Any], scores: list[float], interval: int) -> list[float]:
    """The learning rate after each epoch, where every ``interval``-th one is validated."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    trainer, validator = Engine(lambda engine, batch: None), Engine(lambda engine, batch: None)
    seen: list[float] = []

    def validate(engine: Engine) -> None:
        validator.state.epoch = engine.state.epoch
        validator.state.metrics["f1"] = scores[engine.state.epoch // interval - 1]

    trainer.add_event_handler(Events.EPOCH_COMPLETED(every=interval), validate)
    Schedule(make(optimizer), validator, "f1").attach(trainer)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda _: seen.append(optimizer.param_groups[0]["lr"])
    )
    trainer.run([0], max_epochs=interval * len(scores))
    return seen


def plateau(optimizer: Any) -> ReduceLROnPlateau:
    return ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=0)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler")
def test_a_plateau_is_seen_on_validated_epochs_only() -> None:
    assert rates(plateau, [0.1, 0.2, 0.2], 1) == [1, 1, 0.5]
    assert rates(plateau, [0.1, 0.2, 0.2], 2) == [1, 1, 1, 1, 1, 0.5]


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler")
def test_another_schedule_steps_every_epoch() -> None:
    assert rates(lambda o: StepLR(o, 1, 0.5), [0.9, 0.1], 2) == [0.5, 0.25, 0.125, 0.0625]


def test_a_cycle_counts_steps_and_stays_at_its_end() -> None:
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    cycle = OneCycleLR(optimizer, 1.0, total_steps=6, cycle_momentum=False)
    seen: list[float] = []

    def step(engine: Engine, batch: int) -> None:
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()

    trainer = Engine(step)
    Schedule(cycle, Engine(lambda engine, batch: None), "f1").attach(trainer)
    trainer.run([0, 0, 0], max_epochs=3)  # three steps more than the cycle has
    expected = OneCycleLR(torch.optim.SGD([parameter], 1.0), 1.0, total_steps=6)
    assert seen[0] == pytest.approx(expected.get_last_lr()[0])
    assert max(seen[1:3]) > 0.9
    assert seen[5:] == [seen[5]] * 4
    assert seen[5] < 1e-4


@pytest.mark.parametrize(("steps", "share"), [(4, 0.25), (2, 0.5), (10, 0.1), (1, 1.0), (1, 0.3)])
def test_a_cycle_of_few_steps_ends_at_its_last_rate(steps: int, share: float) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    cycle = OneCycle(optimizer, 1.0, total_steps=steps, pct_start=share)
    seen = [cycle.get_last_lr()[0]]
    for _ in range(steps - 1):
        optimizer.step()
        cycle.step()
        seen.append(cycle.get_last_lr()[0])
    assert seen[0] == pytest.approx(1.0 if steps > 1 else 4e-6)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == pytest.approx(4e-6)


def test_a_longer_cycle_is_pytorchs() -> None:
    def rates_of(kind: type[OneCycleLR]) -> list[float]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        cycle = kind(optimizer, 1.0, total_steps=9, cycle_momentum=False)
        found = []
        for _ in range(8):
            optimizer.step()
            cycle.step()
            found.append(cycle.get_last_lr()[0])
        return found

    assert rates_of(OneCycle) == rates_of(OneCycleLR)


def test_only_a_cycle_has_an_end_that_a_resume_may_not_pass() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    cycle = OneCycle(optimizer, 1.0, total_steps=30)
    state = {"scheduler": {"total_steps": 20}, "trainer": {"epoch_length": 10}}
    with pytest.raises(InputError, match=r"run in runs/a was made for 2 epochs .* go on to 3"):
        check_cycle(cycle, state, "runs/a")
    check_cycle(cycle, {**state, "scheduler": {"total_steps": 30}}, "runs/a")
    check_cycle(plateau(optimizer), state, "runs/a")
    check_cycle(cycle, {"scheduler": {}}, "runs/a")
