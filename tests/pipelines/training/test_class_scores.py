"""Scores of a classification's validation are those of scikit-learn, whatever the batches."""

import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset, partition_dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import Activationsd, Compose
from sklearn import metrics

from pipelines.training.class_scores import ClassScores
from transforms.class_probabilities import ClassProbabilitiesd

LABELS = ("benign", "malignant", "normal")
NAMES = {
    name: f"val_{name}"
    for name in (
        *("accuracy", "balanced_accuracy", "macro_precision", "macro_f1"),
        *("kappa", "auroc", "average_precision", "brier"),
    )
}


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


def evaluated(
    scores: ClassScores, batch_size: int = 4, share: list[dict[str, Any]] | None = None
) -> SupervisedEvaluator:
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(share or items()), batch_size=batch_size),
        network=torch.nn.Identity(),
        postprocessing=Compose([Activationsd(keys="pred", softmax=True)]),
        key_val_metric={"val_balanced_accuracy": scores},
    )
    evaluator.run()
    return evaluator


def of_scikit_learn() -> dict[str, float]:
    truth = np.array([item["label"] for item in items()])
    probabilities = torch.stack([item["image"].double().softmax(0) for item in items()]).numpy()
    predicted = probabilities.argmax(axis=1)
    precisions = [
        metrics.average_precision_score(truth == place, probabilities[:, place])
        for place in range(len(LABELS))
    ]
    return {
        "val_accuracy": metrics.accuracy_score(truth, predicted),
        "val_balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "val_macro_precision": metrics.precision_score(truth, predicted, average="macro"),
        "val_macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "val_kappa": metrics.cohen_kappa_score(truth, predicted),
        "val_auroc": metrics.roc_auc_score(truth, probabilities, multi_class="ovr"),
        "val_average_precision": float(np.mean(precisions)),
        "val_brier": metrics.brier_score_loss(truth, probabilities, scale_by_half=False),
    }


@pytest.mark.parametrize("batch_size", [1, 7, 20])
def test_the_scores_are_scikit_learn_s(batch_size: int) -> None:
    found = evaluated(ClassScores(LABELS, NAMES), batch_size).state.metrics
    expected = of_scikit_learn()
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def scored_by_a_process(rank: int, batch_size: int, folder: str) -> None:
    """Scores this process's share of the images, and writes down what it found."""
    store = torch.distributed.FileStore(f"{folder}/store", 2)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    share = partition_dataset(items(), num_partitions=2, even_divisible=False)[rank]
    found = evaluated(ClassScores(LABELS, NAMES), batch_size, share).state.metrics
    Path(folder, f"{rank}.json").write_text(
        json.dumps({name: found[name] for name in NAMES.values()})
    )
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("batch_size", [1, 7])
def test_two_processes_find_the_same(batch_size: int, tmp_path: Path) -> None:
    # Forked, not spawned: new processes would import torch and MONAI for half a minute.
    context = multiprocessing.get_context("fork")
    both = [
        context.Process(target=scored_by_a_process, args=(rank, batch_size, str(tmp_path)))
        for rank in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(timeout=120)
    assert [process.exitcode for process in both] == [0, 0]
    expected = of_scikit_learn()
    for rank in range(2):
        found = json.loads((tmp_path / f"{rank}.json").read_text())
        assert found == pytest.approx(expected, abs=1e-6)


def test_every_image_has_its_row() -> None:
    scores = ClassScores(LABELS, NAMES)
    evaluated(scores)
    assert list(scores.table["id"]) == [item["id"] for item in items()]
    assert scores.table["flags"][3] == "text" and scores.table["fold"].tolist() == [1] * 20
    sums = scores.table[[f"p_{name}" for name in LABELS]].sum(axis=1)
    assert sums.to_numpy() == pytest.approx(np.ones(20), abs=1e-6)


def test_answers_before_a_temperature_have_a_table_of_their_own() -> None:
    scores = ClassScores(LABELS, NAMES)
    evaluated(scores)
    assert scores.uncalibrated is None
    both = [{**item, "image": torch.stack([item["image"] / 3, item["image"]])} for item in items()]
    calibrated = ClassScores(LABELS, NAMES)
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(both), batch_size=3),
        network=torch.nn.Identity(),
        postprocessing=Compose([ClassProbabilitiesd("pred")]),
        key_val_metric={"val_balanced_accuracy": calibrated},
    )
    evaluator.run()
    assert calibrated.uncalibrated is not None
    columns = [f"p_{name}" for name in LABELS]
    np.testing.assert_allclose(calibrated.uncalibrated[columns], scores.table[columns], atol=1e-6)
    assert (calibrated.table[columns].max(axis=1) < scores.table[columns].max(axis=1)).all()
    assert calibrated.table["predicted"].tolist() == scores.table["predicted"].tolist()
    assert evaluator.state.metrics["val_brier"] != of_scikit_learn()["val_brier"]


def test_an_image_of_no_fold_has_none_in_its_row() -> None:
    unfolded = [{k: v for k, v in item.items() if k != "fold"} for item in items()]
    scores = ClassScores(LABELS, NAMES)
    evaluated(scores, share=unfolded)
    assert scores.table["fold"].isna().all()
    assert len(scores.table) == 20
