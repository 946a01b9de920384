"""Scores of a classification's validation are those of scikit-learn, whatever the batches."""

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import Activationsd, Compose
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from pipelines.training.class_scores import ClassScores

LABELS = ("benign", "malignant", "normal")
NAMES = {"balanced_accuracy": "val_balanced_accuracy", "auroc": "val_auroc"}


def items(count: int = 20) -> list[dict[str, Any]]:
    """Images that are their own logits."""
    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        label = int(random.integers(0, 3))
        logits = torch.tensor(random.normal(size=3) + 1.5 * np.eye(3)[label]).float()
        made.append(
            {
                "image": logits,
                "label": label,
                "id": f"case{number:02d}",
                "group": f"g{number // 2}",
                "fold": 1,
                "class": LABELS[label],
                "flags": "text" if number == 3 else "",
            }
        )
    return made


def evaluated(scores: ClassScores, batch_size: int = 4) -> SupervisedEvaluator:
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items()), batch_size=batch_size),
        network=torch.nn.Identity(),
        postprocessing=Compose([Activationsd(keys="pred", softmax=True)]),
        key_val_metric={"val_balanced_accuracy": scores},
    )
    evaluator.run()
    return evaluator


@pytest.mark.parametrize("batch_size", [1, 7, 20])
def test_the_scores_are_scikit_learn_s(batch_size: int) -> None:
    scores = ClassScores(LABELS, NAMES)
    metrics = evaluated(scores, batch_size).state.metrics
    truth = [item["label"] for item in items()]
    probabilities = torch.stack([item["image"].double().softmax(0) for item in items()]).numpy()
    expected = balanced_accuracy_score(truth, probabilities.argmax(axis=1))
    assert metrics["val_balanced_accuracy"] == pytest.approx(expected, abs=1e-9)
    expected = roc_auc_score(truth, probabilities, multi_class="ovr")
    assert metrics["val_auroc"] == pytest.approx(expected, abs=1e-6)


def test_every_image_has_its_row() -> None:
    scores = ClassScores(LABELS, NAMES)
    evaluated(scores)
    assert list(scores.table["id"]) == [item["id"] for item in items()]
    assert scores.table["flags"][3] == "text" and scores.table["fold"].tolist() == [1] * 20
    sums = scores.table[[f"p_{name}" for name in LABELS]].sum(axis=1)
    assert sums.to_numpy() == pytest.approx(np.ones(20), abs=1e-6)
