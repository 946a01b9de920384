"""Stop a training whose loss is no number any more, and say where."""

from __future__ import annotations

import math
from pathlib import Path

from ignite.engine import Engine

from pipelines.errors import InputError
from pipelines.training.finite_answers import kept
from pipelines.training.replay import ReplaySampler

_MOST_NAMED = 32


def check_loss(loss: float, engine: Engine) -> None:
    """Stop where the loss of the step that has just been taken is NaN or infinite.

    Args:
        loss: mean loss of the batch.
        engine: the trainer.

    Raises:
        InputError: with the step, the epoch and the files of the batch. They are those of a
            loader whose batches can be repeated (``ReplaySampler``), and left out otherwise.
    """
    if math.isfinite(loss):
        return
    epoch, length = engine.state.epoch, engine.state.epoch_length or 0
    step = engine.state.iteration - (epoch - 1) * length
    files = batch_files(engine, step)
    named = ", ".join(files[:_MOST_NAMED]) + (", …" if len(files) > _MOST_NAMED else "")
    raise InputError(
        f"the training loss is {loss} in epoch {epoch}, step {step} of {length}"
        + (f", over {named}" if named else "")
        + f"; lower learning_rate, or look whether these images are sound ({kept(epoch)})"
    )


def batch_files(engine: Engine, step: int) -> list[str]:
    """Names of the image files of a step of the current epoch; none where they cannot be told.

    Args:
        engine: the trainer.
        step: counted from 1 in the epoch.
    """
    loader = engine.state.dataloader
    if not isinstance(getattr(loader, "sampler", None), ReplaySampler):
        return []
    positions = list(loader.batch_sampler)[step - 1]
    return [Path(loader.dataset.data[index]["image"]).name for _, index, *_ in positions]
