"""Loss and accuracy of a classification over the batches of an epoch."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events

from pipelines.evaluation.confusion_scores import accuracy, balanced_accuracy
from pipelines.training.batch_scores import check_loss
from pipelines.training.processes import summed


class ClassTrainingScores:
    """Training loss, accuracy and balanced accuracy of the augmented batches of an epoch.

    They are computed while the weights change: they say whether the network learns, not how good
    it is. A score without a denominator is NaN.

    The engine's output holds ``pred`` (logits, (batch, classes)), ``label`` (class indices,
    (batch,)) and the batch's mean ``loss``.

    Args:
        classes: number of classes.
        prefix: put before each score's name.
    """

    def __init__(self, classes: int, prefix: str = "train_") -> None:
        self.classes = classes
        self.prefix = prefix
        self.sums = self._zeros()

    def attach(self, engine: Engine) -> None:
        """Sum at every iteration of ``engine``, score at the end of its epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _zeros(self) -> torch.Tensor:
        return torch.zeros(1 + self.classes**2, dtype=torch.float64)  # loss, confusion matrix

    def _start(self, engine: Engine) -> None:
        self.sums = self._zeros()

    @torch.no_grad()
    def _collect(self, engine: Engine) -> None:
        output = engine.state.output
        truth = output["label"].long()
        pairs = truth * self.classes + output["pred"].argmax(dim=1)
        self.sums[0] += float(output["loss"]) * len(truth)
        self.sums[1:] += torch.bincount(pairs.cpu(), minlength=self.classes**2)

    def _score(self, engine: Engine) -> None:
        loss, *pairs = summed(self.sums).tolist()
        check_loss(loss, engine.state.epoch)
        confusion = torch.tensor(pairs, dtype=torch.float64).reshape(self.classes, -1).numpy()
        scores = {
            "loss": loss / confusion.sum(),
            "accuracy": accuracy(confusion),
            "balanced_accuracy": balanced_accuracy(confusion),
        }
        engine.state.metrics.update({self.prefix + k: float(v) for k, v in scores.items()})
