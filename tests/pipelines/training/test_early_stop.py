"""Patience ends a training, and survives a checkpoint."""

import math
from collections.abc import Sequence

import pytest
from ignite.engine import Engine, Events

from pipelines.training.early_stop import EarlyStop, is_validated, metric_or_worst


def engines(
    scores: Sequence[float], patience: int, interval: int = 1
) -> tuple[Engine, Engine, EarlyStop]:
    """A trainer, its validator that scores one of ``scores`` when it runs, and the stop."""
    trainer = Engine(lambda engine, batch: None)
    validator = Engine(lambda engine, batch: None)
    values = iter(scores)

    def validate(engine: Engine) -> None:
        validator.state.epoch = engine.state.epoch  # as MONAI's evaluators do
        validator.state.metrics["f1"] = next(values)

    trainer.add_event_handler(Events.EPOCH_COMPLETED(every=interval), validate)
    stop = EarlyStop(validator, "f1", patience)
    stop.attach(trainer)
    return trainer, validator, stop


@pytest.mark.parametrize(
    ("scores", "epochs"),
    [
        ([0.5, 0.4, 0.4, 0.9, 0.9], 3),  # two epochs without improvement
        ([0.5, 0.4, 0.6, 0.5, 0.5, 0.9], 5),
        ([0.5, 0.5, 0.5, 0.9], 3),  # equal is no improvement
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5),
        ([math.nan, math.nan, math.nan, 0.9], 3),
        ([math.nan, 0.0, math.nan, 0.1, 0.2, 0.3], 6),
    ],
)
def test_the_training_stops_after_two_epochs_without_improvement(
    scores: list[float], epochs: int
) -> None:
    trainer, _, stop = engines(scores, patience=2)
    trainer.run([0], max_epochs=len(scores))
    assert trainer.state.epoch == epochs
    assert stop.stopped is (epochs < len(scores))


def test_an_epoch_without_a_validation_does_not_count() -> None:
    trainer, validator, stop = engines([0.5, 0.4, 0.4, 0.9], patience=2, interval=3)
    validated: list[bool] = []
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: validated.append(is_validated(validator, engine))
    )
    trainer.run([0], max_epochs=12)
    assert trainer.state.epoch == 9
    assert stop.stopped
    assert [epoch for epoch, now in enumerate(validated, start=1) if now] == [3, 6, 9]


def test_patience_survives_a_checkpoint_in_its_middle() -> None:
    scores = [0.5, 0.4, 0.4, 0.3, 0.9]
    trainer, _, stop = engines(scores, patience=3)
    trainer.run([0], max_epochs=3)
    assert not stop.stopped
    later, _, resumed = engines(scores[3:], patience=3)
    resumed.load_state_dict(stop.state_dict())
    later.run([0], max_epochs=2)
    assert later.state.epoch == 1
    assert resumed.stopped


def test_the_best_score_survives_a_checkpoint() -> None:
    trainer, _, stop = engines([0.5], patience=2)
    trainer.run([0], max_epochs=1)
    later, _, resumed = engines([0.4, 0.3, 0.9], patience=2)
    resumed.load_state_dict(stop.state_dict())
    later.run([0], max_epochs=3)
    assert later.state.epoch == 2


def test_a_stop_that_is_attached_to_nothing_says_so() -> None:
    with pytest.raises(RuntimeError, match="attached to no trainer"):
        EarlyStop(Engine(lambda engine, batch: None), "f1", 2).state_dict()


def test_metrics() -> None:
    engine = Engine(lambda engine, batch: None)
    assert metric_or_worst(engine, "f1") == -1  # before the first validation
    engine.state.metrics.update(f1=0.25, dice=math.nan)
    assert metric_or_worst(engine, "f1") == 0.25
    assert metric_or_worst(engine, "dice") == -1
    with pytest.raises(KeyError, match="no metric f2; the validation gives dice, f1"):
        metric_or_worst(engine, "f2")
