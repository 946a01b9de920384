"""Loss and pixel scores of class maps over the batches of an epoch, as the network sees them."""

from __future__ import annotations

import math

import torch
from ignite.engine import Engine, Events

from pipelines.training.finite_loss import check_loss
from pipelines.training.processes import summed


class ClassMapTrainingScores:
    """Training loss, Dice and accuracy of the augmented batches of an epoch.

    They are computed while the weights change, on crops: they say whether the network learns, not
    how good it is. Pixels of the epoch are pooled; Dice is the mean over the classes that occur but
    the background. A score without a denominator is NaN.

    The engine's output holds ``pred`` (logits, (batch, classes, height, width)), ``label`` (class
    indices, (batch, 1, height, width)) and the batch's mean ``loss``. A loss that is no number
    stops the training at its step.

    Args:
        classes: number of classes.
        prefix: put before each score's name.
    """

    def __init__(self, classes: int, prefix: str = "train_") -> None:
        self.classes = classes
        self.prefix = prefix
        self.losses = torch.zeros(2, dtype=torch.float64)
        self.confusion = torch.zeros(classes, classes, dtype=torch.float64)

    def attach(self, engine: Engine) -> None:
        """Sum at every iteration of ``engine``, score at the end of its epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _start(self, engine: Engine) -> None:
        self.losses.zero_()
        self.confusion.zero_()

    @torch.no_grad()
    def _collect(self, engine: Engine) -> None:
        output = engine.state.output
        loss = float(output["loss"])
        check_loss(loss, engine)
        n = len(output["pred"])
        self.losses += torch.tensor([loss * n, n], dtype=torch.float64)
        truth, predicted = output["label"].long(), output["pred"].argmax(dim=1, keepdim=True)
        pairs = torch.bincount((truth * self.classes + predicted).flatten().cpu(), minlength=0)
        counts = torch.zeros(self.classes**2, dtype=torch.float64)
        counts[: len(pairs)] = pairs.double()
        self.confusion += counts.view(self.classes, self.classes)

    def _score(self, engine: Engine) -> None:
        losses, confusion = summed(self.losses), summed(self.confusion.flatten())
        total, n = losses.tolist()
        confusion = confusion.view(self.classes, self.classes)
        right, sizes = confusion.diagonal(), confusion.sum(0) + confusion.sum(1)
        dice = (2 * right / sizes)[1:]
        pixels = float(confusion.sum())
        scores = {
            "loss": total / n if n else math.nan,
            "dice": float(dice.nanmean()),
            "accuracy": float(right.sum()) / pixels if pixels else math.nan,
        }
        engine.state.metrics.update({self.prefix + k: v for k, v in scores.items()})
