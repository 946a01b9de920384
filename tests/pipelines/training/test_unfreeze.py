"""What trains follows the epoch, also after a resume, and under a moving average."""

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from torch import nn

from networks.frozen_layers import freeze
from networks.parameter_groups import parameter_groups
from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError
from pipelines.training.checkpoint import RunCheckpoint
from pipelines.training.unfreeze import Unfreeze, checked_schedule, with_most_trained
from pipelines.training.weight_average import WeightAverage

SCHEDULE = {"2": {"last": 2}, "4": "all"}
SCORES = [0.1, 0.2, 0.3, 0.4, 0.5]
Make = Callable[..., SimpleNamespace]


class Small(TransferClassifier):
    """A backbone of two convolutions and their batch norms, frozen, and a head."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        torch.manual_seed(3)
        first = [nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU()]
        second = [nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2)]
        self.backbone = nn.Sequential(*first, *second)
        self.head = nn.Conv2d(2, 1, 1)
        freeze(self.backbone, "none")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(images))


def handlers(parts: SimpleNamespace, seen: list[Any], resume: bool = False) -> list[Any]:
    parts.average = WeightAverage(parts.network, 0.5)
    checkpoint = RunCheckpoint(
        parts.folder,
        parts.network,
        parts.optimizer,
        parts.scheduler,
        parts.validator,
        parts.metric,
        average=parts.average,
        resume=resume,
    )

    class Watch:
        def attach(self, engine: Engine) -> None:
            engine.add_event_handler(Events.EPOCH_STARTED, self)

        def __call__(self, engine: Engine) -> None:
            trains = [p.requires_grad for p in parts.network.backbone.parameters()]
            seen.append((engine.state.epoch, trains.count(True)))

    unfreeze = Unfreeze(parts.network, parts.optimizer, SCHEDULE)
    return [unfreeze, Watch(), parts.average, checkpoint]


def weights(module: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in module.state_dict().values()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture
def whole(small_training: Make) -> tuple[SimpleNamespace, list[Any], list[Any]]:
    """A training of five epochs: its parts, what trained, the backbone after each epoch."""
    seen: list[Any] = []
    states: list[Any] = []
    parts = small_training(SCORES, lambda p: handlers(p, seen), network=Small())
    keep = lambda engine: states.append(weights(parts.network.backbone))  # noqa: E731
    parts.trainer.add_event_handler(Events.EPOCH_COMPLETED, keep)
    parts.start = weights(parts.network.backbone)
    parts.trainer.run()
    return parts, seen, states


def test_what_trains_follows_the_epoch(whole: Any) -> None:
    parts, seen, states = whole
    assert seen == [(1, 0), (2, 4), (3, 4), (4, 8), (5, 8)]
    assert same(states[0], parts.start)  # running statistics of frozen batch norms included
    names = list(parts.network.backbone.state_dict())
    changed = {n for n, a, b in zip(names, states[2], parts.start, strict=True) if not a.equal(b)}
    assert {name[0] for name in changed} == {"3", "4"}
    assert "4.running_mean" in changed
    changed = {n for n, a, b in zip(names, states[4], parts.start, strict=True) if not a.equal(b)}
    assert {name[0] for name in changed} == {"0", "1", "3", "4"}


def test_the_average_follows_what_was_unfrozen(whole: Any) -> None:
    parts, _, _ = whole
    averaged, trained = parts.average.network.backbone, parts.network.backbone
    start = parts.start[list(trained.state_dict()).index("0.weight")]
    assert not averaged[0].weight.equal(start)
    assert not averaged[0].weight.equal(trained[0].weight)
    gap = (averaged[0].weight - trained[0].weight).norm()
    assert gap < (trained[0].weight - start).norm()


@pytest.mark.parametrize("epochs", [1, 2, 3, 4])
def test_a_resume_goes_on_as_if_never_stopped(
    epochs: int, whole: Any, small_training: Make
) -> None:
    expected = weights(whole[0].network), weights(whole[0].average.network)
    small_training(SCORES, lambda p: handlers(p, []), epochs, Small()).trainer.run()
    seen: list[Any] = []
    parts = small_training(SCORES, lambda p: handlers(p, seen, resume=True), network=Small())
    parts.trainer.run()
    assert seen == [(e, {1: 0, 2: 4, 3: 4, 4: 8, 5: 8}[e]) for e in range(epochs + 1, 6)]
    assert same(weights(parts.network), expected[0])
    assert same(weights(parts.average.network), expected[1])


def test_each_change_is_told_once(small_training: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "med2d"):
        small_training(SCORES, lambda p: handlers(p, []), network=Small()).trainer.run()
    told = [r.getMessage() for r in caplog.records if "from now on" in r.getMessage()]
    assert told == [
        "epoch 2: training 45 of 69 parameters from now on, in 3 of 5 layers",
        "epoch 4: training 69 of 69 parameters from now on, in 5 of 5 layers",
    ]


def test_an_optimiser_that_lacks_what_will_train_is_refused() -> None:
    network = Small()
    some = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    with pytest.raises(InputError, match=r"lets backbone\.3\.weight train from epoch 2 on, but"):
        Unfreeze(network, some, SCHEDULE)
    assert not any(p.requires_grad for p in network.backbone.parameters())
    Unfreeze(network, some, None)
    assert not Unfreeze(network, some, {}).schedule
    Unfreeze(network, torch.optim.SGD(parameter_groups(network, 0.1), 0.1), SCHEDULE)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("all", 'expected what trains by epoch, such as {"5"'),
        ({"five": "all"}, "has the epoch 'five'; expected whole numbers from 1"),
        ({"0": "all"}, "has the epoch '0'"),
        ({"5": {"last": 99}}, "unfreeze, epoch 5: trained is last 99; expected .* up to 4"),
        ({"5": "some"}, "unfreeze, epoch 5: trained is 'some'"),
    ],
)
def test_a_schedule_that_is_none_is_named(schedule: Any, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        checked_schedule(Small(), schedule)


def test_a_network_without_a_backbone_is_refused() -> None:
    with pytest.raises(InputError, match="for a network with a backbone, not Conv2d"):
        checked_schedule(nn.Conv2d(1, 1, 1), {"5": "all"})


def test_epochs_are_numbers_in_order() -> None:
    found = checked_schedule(Small(), {"10": "all", 9: "none"})
    assert list(found.items()) == [(9, "none"), (10, "all")]


def test_memory_is_measured_with_all_that_will_train() -> None:
    network = with_most_trained(Small(), {"2": {"first": 1}, "3": {"last": 1}})
    trains = [p.requires_grad for p in network.backbone.parameters()]  # type: ignore[union-attr]
    assert trains == [True, True, False, False, False, False, True, True]


def test_several_processes_share_the_gradients_of_what_was_unfrozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Parallel(nn.Module):
        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module
            self.shared = [p for p in module.parameters() if p.requires_grad]

    monkeypatch.setattr("pipelines.training.unfreeze.DistributedDataParallel", Parallel)
    network = Parallel(Small())
    engine = Engine(lambda engine, batch: None)
    engine.network = network  # type: ignore[attr-defined]
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    Unfreeze(network, optimizer, {"1": "all"}).attach(engine)
    assert len(network.shared) == 2
    engine.run([0], max_epochs=1)
    assert len(engine.network.shared) == 10  # type: ignore[attr-defined]
    assert engine.network.module is network.module  # type: ignore[attr-defined]
