"""Loss and accuracy of a classification over the batches of an epoch."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events

from pipelines.evaluation.confusion_scores import accuracy, balanced_accuracy
from pipelines.training.finite_loss import check_loss
from pipelines.training.processes import summed
from pipelines.training.soft_labels import main_class


class ClassTrainingScores:
    """Training loss, accuracy and balanced accuracy of the augmented batches of an epoch.

    They are computed while the weights change: they say whether the network learns, not how good
    it is. A score without a denominator is NaN.

    The engine's output holds ``pred`` (logits, (batch, classes)), ``label`` (class indices,
    (batch,), or shares of the classes, (batch, classes)) and the batch's mean ``loss``. A mixed
    image counts as one of the class with the largest share; what stands behind the classes, of a
    guided training, does not count. A loss that is no number stops the
    training at its step.

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
        loss = float(output["loss"])
        check_loss(loss, engine)
        label, answer = output["label"], output["pred"][:, : self.classes]
        truth = main_class(label if label.ndim == 1 else label[:, : self.classes])
        pairs = truth * self.classes + answer.argmax(dim=1)
        self.sums[0] += loss * len(truth)
        self.sums[1:] += torch.bincount(pairs.cpu(), minlength=self.classes**2)

    def _score(self, engine: Engine) -> None:
        loss, *pairs = summed(self.sums).tolist()
        confusion = torch.tensor(pairs, dtype=torch.float64).reshape(self.classes, -1).numpy()
        scores = {
            "loss": loss / confusion.sum(),
            "accuracy": accuracy(confusion),
            "balanced_accuracy": balanced_accuracy(confusion),
        }
        engine.state.metrics.update({self.prefix + k: float(v) for k, v in scores.items()})
