"""Scores over the batches of an epoch are those of all its images, whatever the batches."""

import math

import pytest
import torch
from ignite.engine import Engine

from pipelines.errors import InputError
from pipelines.training.class_batch_scores import ClassTrainingScores

PREDICTED = [0, 0, 1, 2, 0]
TRUE = [0, 1, 1, 2, 0]


def scores(batch_size: int, loss: float = 0.5, soft: bool = False) -> dict[str, float]:
    def step(engine: Engine, rows: list[int]) -> dict[str, torch.Tensor]:
        logits = torch.eye(3)[[PREDICTED[row] for row in rows]]
        labels = torch.tensor([TRUE[row] for row in rows])
        if soft:  # as mixing leaves them
            labels = 0.7 * torch.eye(3)[labels] + 0.1
        value = loss * sum(rows) / len(rows)
        return {"pred": logits, "label": labels, "loss": torch.tensor(value)}

    engine = Engine(step)
    ClassTrainingScores(3).attach(engine)
    rows = list(range(5))
    engine.run([rows[i : i + batch_size] for i in range(0, 5, batch_size)], max_epochs=2)
    return engine.state.metrics


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_the_scores_are_those_of_the_epoch(batch_size: int) -> None:
    found = scores(batch_size)
    assert found["train_loss"] == pytest.approx(0.5 * 2)
    assert found["train_accuracy"] == pytest.approx(4 / 5)
    assert found["train_balanced_accuracy"] == pytest.approx((1 + 0.5 + 1) / 3)


def test_a_mixed_image_counts_as_one_of_its_largest_share() -> None:
    assert scores(2, soft=True) == scores(2)


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    with pytest.raises(InputError, match="the training loss is nan in epoch 1, step 1 of 3"):
        scores(2, math.nan)
