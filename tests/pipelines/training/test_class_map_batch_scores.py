"""Training scores of class maps over an epoch."""

import math

import pytest
import torch
from ignite.engine import Engine

from pipelines.evaluation.class_map_scores import point_scores
from pipelines.evaluation.class_map_statistics import ClassMapStatistics
from pipelines.training.class_map_batch_scores import ClassMapTrainingScores
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table


def run(batches: list[dict]) -> dict:
    engine = Engine(lambda _, batch: batch)
    ClassMapTrainingScores(3).attach(engine)
    return engine.run(batches).metrics


def batch(pairs: list, loss: float) -> dict:
    predicted = torch.stack([torch.tensor(one) for one, _ in pairs])
    logits = torch.nn.functional.one_hot(predicted, 3).permute(0, 3, 1, 2).float()
    label = torch.stack([torch.tensor(other)[None] for _, other in pairs]).float()
    return {"pred": logits, "label": label, "loss": torch.tensor(loss)}


def test_pixels_are_pooled_and_losses_averaged_over_images() -> None:
    pairs = made_pairs()
    found = run([batch(pairs[:6], 1.0), batch(pairs[6:], 3.0)])
    assert found["train_loss"] == pytest.approx((6 * 1 + 2 * 3) / 8)
    table = made_table(pairs)
    expected = point_scores(table, LABELS)
    assert found["train_dice"] == pytest.approx(expected["pixel_dice"])
    assert found["train_accuracy"] == pytest.approx(expected["pixel_accuracy"])
    assert ClassMapStatistics(table, LABELS).confusion.sum() == 8 * 16 * 12


def test_classes_that_never_occur_have_no_part_in_the_mean() -> None:
    truth = torch.zeros(4, 4, dtype=torch.int64).numpy()
    found = run([batch([(truth, truth)], 0.5)])
    assert math.isnan(found["train_dice"])
    assert found["train_accuracy"] == 1
