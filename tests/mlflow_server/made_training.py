"""A training of numbers alone, tracked as a real one is: quick, and each one knows its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from ignite.engine import Engine, Events

from pipelines.atomic import write_text
from pipelines.training.tracking import Tracking

OnEpoch = Callable[[int], None]


def train(
    folder: Path,
    number: int,
    epochs: int = 4,
    on_epoch: OnEpoch = lambda epoch: None,
    seconds: float = 0.0,
    resume: bool = False,
) -> None:
    """Train, or go on with the training in a folder.

    Args:
        folder: of the run.
        number: of the training; the score of an epoch is this and the epoch's hundredth part.
        epochs: so many.
        on_epoch: called after each epoch was tracked.
        seconds: that an epoch takes.
        resume: whether to go on behind the epochs of the folder's history.
    """
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    (folder / "configs" / "metadata.json").write_text('{"version": "0.1.0"}')
    config = {"name": f"made{number}", "seed": number, "dataset_digest": "d1"}
    (folder / "config.json").write_text(json.dumps(config))
    history = folder / "history.csv"
    lines = history.read_text().splitlines() if resume else ["epoch,val_f1,learning_rate,seconds"]
    done = len(lines) - 1
    validator, trainer = Engine(lambda engine, batch: None), Engine(lambda engine, batch: None)

    def start(engine: Engine) -> None:
        engine.state.epoch = engine.state.iteration = done

    def validate(engine: Engine) -> None:
        time.sleep(seconds)
        validator.state.epoch = engine.state.epoch
        validator.state.metrics = {"val_f1": score(number, engine.state.epoch)}
        row = f"{engine.state.epoch},{score(number, engine.state.epoch)},{rate(number)},0.1"
        lines.append(row)
        write_text(history, "\n".join(lines) + "\n")

    trainer.add_event_handler(Events.STARTED, start)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, validate)
    optimizer = SimpleNamespace(param_groups=[{"lr": rate(number)}])
    Tracking(folder, "made", validator, optimizer, resume).attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: on_epoch(engine.state.epoch))
    entry = {"value": score(number, 0), "low": None, "high": None, "n": 1}
    (folder / "scores.json").write_text(json.dumps({"scores": {"f1": entry}}))
    trainer.run([None], max_epochs=epochs)


def score(number: int, epoch: int) -> float:
    """Of an epoch of a training."""
    return number + epoch / 100


def rate(number: int) -> float:
    """The learning rate of a training."""
    return number / 1000
