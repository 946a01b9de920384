"""Loss and pixel scores over the batches of an epoch, as the network sees them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from ignite.engine import Engine, Events
from monai.engines import IterationEvents

from pipelines.training.finite_answers import FiniteAnswers
from pipelines.training.finite_loss import check_loss
from pipelines.training.processes import summed

_SUMS = ("loss", "images", "tp", "fp", "fn", "dice", "lesion_images")


class TrainingScores:
    """Training loss, precision, recall, F1 and Dice of the augmented batches of an epoch.

    They are computed while the weights change, on letterboxed images: they say whether the
    network learns, not how good it is. Precision, recall and F1 pool the pixels of the epoch; Dice
    is the mean over images with a lesion. A score without a denominator is NaN.

    The engine's output holds ``pred`` (logits) and ``label``, (batch, 1, height, width), and the
    batch's mean ``loss``; further channels of ``pred`` are not looked at. A loss that is no number
    stops the training at its step.

    Args:
        threshold: probability from which a pixel counts as lesion, in (0, 1).
        prefix: put before each score's name.
    """

    def __init__(self, threshold: float = 0.5, prefix: str = "train_") -> None:
        self.logit = math.log(threshold / (1 - threshold))
        self.prefix = prefix
        self.sums = torch.zeros(len(_SUMS), dtype=torch.float64)

    def attach(self, engine: Engine) -> None:
        """Sum at every iteration of ``engine``, score at the end of its epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _start(self, engine: Engine) -> None:
        self.sums = torch.zeros(len(_SUMS), dtype=torch.float64)

    @torch.no_grad()
    def _collect(self, engine: Engine) -> None:
        output = engine.state.output
        loss = float(output["loss"])
        check_loss(loss, engine)
        predicted, truth = output["pred"][:, :1] > self.logit, output["label"] > 0.5
        tp, fp, fn = (
            mask.flatten(1).sum(1).cpu().double()
            for mask in (predicted & truth, predicted & ~truth, ~predicted & truth)
        )
        lesion = (tp + fn) > 0
        dice = torch.where(lesion, 2 * tp / (2 * tp + fp + fn).clamp(min=1), 0.0)
        n = len(tp)
        self.sums += torch.stack(
            [
                torch.tensor(loss * n, dtype=torch.float64),
                torch.tensor(n, dtype=torch.float64),
                tp.sum(),
                fp.sum(),
                fn.sum(),
                dice.sum(),
                lesion.sum().double(),
            ]
        )

    def _score(self, engine: Engine) -> None:
        sums = dict(zip(_SUMS, summed(self.sums).tolist(), strict=True))
        tp, fp, fn = sums["tp"], sums["fp"], sums["fn"]
        scores = {
            "loss": _ratio(sums["loss"], sums["images"]),
            "precision": _ratio(tp, tp + fp),
            "recall": _ratio(tp, tp + fn),
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
            "dice": _ratio(sums["dice"], sums["lesion_images"]),
        }
        engine.state.metrics.update({self.prefix + k: v for k, v in scores.items()})


class ValidationLoss:
    """Mean loss over an evaluator's images, on logits and labels as the network sees them.

    An answer that is NaN stops the training; see ``FiniteAnswers``.

    Args:
        loss_function: takes logits (batch, 1, height, width) and labels of that shape, or logits
            (batch, classes) and class indices (batch,), and gives the mean over the batch.
        name: the metric's name in the engine.
    """

    def __init__(self, loss_function: Callable, name: str = "val_loss") -> None:
        self.loss_function = loss_function
        self.name = name
        self.sums = torch.zeros(2, dtype=torch.float64)

    def attach(self, engine: Engine) -> None:
        """Compute after each forward pass of ``engine``, before its postprocessing."""
        FiniteAnswers(training=True).attach(engine)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _start(self, engine: Engine) -> None:
        self.sums = torch.zeros(2, dtype=torch.float64)

    @torch.no_grad()
    def _collect(self, engine: Engine) -> None:
        output = engine.state.output
        n = len(output["pred"])
        value = float(self.loss_function(output["pred"], output["label"]).mean())
        self.sums += torch.tensor([value * n, n], dtype=torch.float64)

    def _score(self, engine: Engine) -> None:
        total, n = summed(self.sums).tolist()
        engine.state.metrics[self.name] = _ratio(total, n)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
