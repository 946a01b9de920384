"""Scores of the training's batches: hand-made, scikit-learn, no matter how they are cut."""

import math
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.losses import DiceCELoss
from sklearn.metrics import f1_score, precision_score, recall_score
from torch.nn.functional import binary_cross_entropy_with_logits

from pipelines.errors import InputError
from pipelines.training.batch_scores import TrainingScores, ValidationLoss


def epoch(outputs: list[dict[str, Any]], threshold: float = 0.5) -> dict[str, float]:
    """The scores after an epoch whose iterations gave these outputs."""
    engine = Engine(lambda engine, batch: batch)
    TrainingScores(threshold).attach(engine)
    engine.run(outputs)
    return engine.state.metrics


def random_images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    truth = (torch.rand(count, 1, 9, 7, generator=generator) > 0.6).float()
    truth[1::3] = 0
    return torch.randn(count, 1, 9, 7, generator=generator) + truth, truth


def batches(pred: torch.Tensor, label: torch.Tensor, size: int) -> list[dict[str, Any]]:
    return [
        {"pred": p, "label": t, "loss": binary_cross_entropy_with_logits(p, t)}
        for p, t in zip(pred.split(size), label.split(size), strict=True)
    ]


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.9])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_scores_are_scikit_learn_s_whatever_the_batches(size: int, threshold: float) -> None:
    pred, label = random_images(8)
    scores = epoch(batches(pred, label, size), threshold)
    hard, truth = (torch.sigmoid(pred) > threshold).flatten(), label.flatten()
    assert scores["train_f1"] == pytest.approx(f1_score(truth, hard), abs=1e-9)
    assert scores["train_precision"] == pytest.approx(precision_score(truth, hard), abs=1e-9)
    assert scores["train_recall"] == pytest.approx(recall_score(truth, hard), abs=1e-9)
    dices = [
        f1_score(t.flatten(), (torch.sigmoid(p) > threshold).flatten())
        for p, t in zip(pred, label, strict=True)
        if t.any()
    ]
    assert len(dices) == 5
    assert scores["train_dice"] == pytest.approx(sum(dices) / 5, abs=1e-9)
    loss = float(binary_cross_entropy_with_logits(pred, label))
    assert scores["train_loss"] == pytest.approx(loss, abs=1e-6)


def test_a_hand_made_case() -> None:
    pred = torch.tensor([[[[5.0, 5, -5, -5]]], [[[5.0, -5, -5, -5]]]])
    label = torch.tensor([[[[1.0, 0, 1, 0]]], [[[0.0, 0, 0, 0]]]])
    scores = epoch([{"pred": pred, "label": label, "loss": 2.0}])
    assert scores == pytest.approx(
        {
            "train_loss": 2,
            "train_precision": 1 / 3,
            "train_recall": 1 / 2,
            "train_f1": 2 / 5,
            "train_dice": 1 / 2,
        }
    )


def test_a_score_without_denominator_is_nan() -> None:
    nothing = torch.zeros(2, 1, 3, 3)
    scores = epoch([{"pred": nothing - 9, "label": nothing, "loss": 1.0}])
    assert scores.pop("train_loss") == 1
    assert len(scores) == 4
    assert all(math.isnan(value) for value in scores.values())


def test_an_epoch_forgets_the_one_before() -> None:
    engine = Engine(lambda engine, batch: batch)
    TrainingScores(prefix="").attach(engine)
    good, bad = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    engine.run([{"pred": 9 * good, "label": good, "loss": 0.0}])
    assert engine.state.metrics["f1"] == 1
    engine.run([{"pred": bad - 9, "label": good, "loss": 4.0}])
    assert (engine.state.metrics["f1"], engine.state.metrics["loss"]) == (0, 4)


def test_a_trainer_gives_what_is_needed() -> None:
    pred, label = random_images(5)
    items = [{"image": p, "label": t} for p, t in zip(pred, label, strict=True)]
    network = torch.nn.Conv2d(1, 1, 1)
    trainer = SupervisedTrainer(
        device="cpu",
        max_epochs=1,
        train_data_loader=DataLoader(Dataset(items), batch_size=2),
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.0),
        loss_function=DiceCELoss(sigmoid=True, batch=True),
        train_handlers=[TrainingScores()],
        decollate=False,
    )
    trainer.run()
    hard = torch.sigmoid(network(pred)) > 0.5
    expected = f1_score(label.flatten(), hard.flatten(), zero_division=math.nan)
    assert trainer.state.metrics["train_f1"] == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert trainer.state.metrics["train_loss"] > 0


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_validation_loss_is_that_of_the_logits(size: int) -> None:
    pred, label = random_images(5)
    items = [{"image": p, "label": t} for p, t in zip(pred, label, strict=True)]
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items), batch_size=size),
        network=torch.nn.Identity(),
        postprocessing=lambda data: {**data, "pred": data["pred"] * 0, "label": data["label"] * 0},
        val_handlers=[ValidationLoss(torch.nn.BCEWithLogitsLoss())],
    )
    expected = float(binary_cross_entropy_with_logits(pred, label))
    for _ in range(2):
        evaluator.run()
        assert evaluator.state.metrics["val_loss"] == pytest.approx(expected, abs=1e-6)


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    pred, label = random_images(4)
    outputs = batches(pred, label, 2)
    outputs[1]["loss"] = torch.tensor(float("nan"))
    with pytest.raises(InputError, match=r"loss is nan in epoch 1, step 2 of 2; lower learning"):
        epoch(outputs)
