"""Scores of a validation are those of scikit-learn and of MONAI, whatever the batches."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.bundle import ConfigParser
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.handlers import from_engine
from sklearn.metrics import f1_score, precision_score, recall_score

from pipelines.bundles import bundle_root
from pipelines.errors import InputError
from pipelines.training.case_scores import CaseScores

NAMES = {"pixel_f1": "f1", "pixel_precision": "precision", "pixel_recall": "recall"}


def cases(count: int = 7) -> list[dict[str, Any]]:
    """Truths and predictions of random blocks; every third image is normal."""
    random = np.random.default_rng(3)
    items = []
    for number in range(count):
        truth = torch.zeros(1, 16, 12)
        prediction = torch.zeros(1, 16, 12)
        top, left = (int(v) for v in random.integers(1, 5, 2))
        if number % 3:
            truth[:, top : top + 6, left : left + 5] = 1
        if number != 4:
            prediction[:, top + 1 : top + 7, left : left + 4] = float(number % 6 > 0)
        items.append(
            {
                "image": prediction,
                "label": truth,
                "id": f"case{number}",
                "group": f"g{number // 2}",
                "fold": 1,
                "class": "benign" if number % 3 else "normal",
            }
        )
    return items


def metrics_of_the_bundle() -> dict[str, Any]:
    """The further metrics, as the bundle's configuration makes them."""
    parser = ConfigParser()
    parser.read_config(str(bundle_root("breast_us_segmentation") / "configs" / "train.json"))
    definitions = parser.get("validate::additional_metrics")
    made = ConfigParser({"metrics": definitions}, globals={"monai": "monai"})
    return made.get_parsed_content("metrics")


def evaluated(
    items: list[dict[str, Any]], scores: CaseScores, batch_size: int = 1, **options: Any
) -> SupervisedEvaluator:
    evaluator = SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items), batch_size=batch_size),
        network=torch.nn.Identity(),
        key_val_metric={"f1": scores},
        **options,
    )
    evaluator.run()
    return evaluator


def test_pixel_scores_are_scikit_learn_s() -> None:
    items = cases()
    metrics = evaluated(items, CaseScores(NAMES)).state.metrics
    truth = torch.cat([item["label"].flatten() for item in items])
    prediction = torch.cat([item["image"].flatten() for item in items])
    assert metrics["f1"] == pytest.approx(f1_score(truth, prediction), abs=1e-12)
    assert metrics["precision"] == pytest.approx(precision_score(truth, prediction), abs=1e-12)
    assert metrics["recall"] == pytest.approx(recall_score(truth, prediction), abs=1e-12)


def test_monai_s_dice_and_iou_agree_with_the_table() -> None:
    scores = CaseScores({**NAMES, "dice": "dice", "iou": "iou"})
    metrics = evaluated(cases(), scores, additional_metrics=metrics_of_the_bundle()).state.metrics
    assert (scores.table["lesions"] == 0).sum() == 3
    for name in ("dice", "iou"):
        assert isinstance(metrics[f"val_{name}"], float)
        assert metrics[f"val_{name}"] == pytest.approx(scores.table[name].mean(), abs=1e-6)
        assert metrics[f"val_{name}"] == pytest.approx(metrics[name], abs=1e-6)


@pytest.mark.parametrize("batch_size", [2, 7, 10])
def test_the_batches_change_no_score(batch_size: int) -> None:
    one, other = CaseScores(NAMES), CaseScores(NAMES)
    metrics = [
        evaluated(cases(), one, 1).state.metrics,
        evaluated(cases(), other, batch_size).state.metrics,
    ]
    assert metrics[0] == metrics[1]
    assert one.table.equals(other.table)


def test_a_row_tells_what_the_image_was() -> None:
    scores = CaseScores()
    truth = torch.zeros(1, 4, 5)
    truth[0, :2, :2] = 1
    prediction = torch.zeros(1, 4, 5)
    prediction[0, :2, 1:3] = 1
    item = {"image": prediction, "label": truth, "id": "a", "group": "g", "fold": 2, "class": "x"}
    evaluator = evaluated([item], CaseScores(NAMES), val_handlers=[scores])
    row = scores.table.iloc[0].to_dict()
    expected = {"id": "a", "group": "g", "fold": 2, "class": "x", "tp": 2, "fp": 2, "fn": 2}
    assert {key: row[key] for key in expected} == expected
    assert (row["tn"], row["dice"], row["iou"]) == (14, 0.5, 1 / 3)
    assert set(evaluator.state.metrics) == {"f1", "precision", "recall"}


def test_a_second_run_forgets_the_first() -> None:
    scores = CaseScores(NAMES)
    evaluator = evaluated(cases(), scores)
    first = dict(evaluator.state.metrics)
    evaluator.run(global_epoch=2)
    assert evaluator.state.metrics == first
    assert len(scores.table) == 7


def test_a_score_without_denominator_is_nan() -> None:
    normal = [{**item, "label": torch.zeros(1, 16, 12)} for item in cases()]
    silent = [{**item, "image": torch.zeros(1, 16, 12)} for item in normal]
    names = {**NAMES, "lesion_recall": "lesion_recall", "false_positive_rate": "fpr"}
    metrics = evaluated(silent, CaseScores(names)).state.metrics
    assert metrics.pop("fpr") == 0
    assert len(metrics) == 4
    assert all(math.isnan(value) for value in metrics.values())


def test_an_image_that_comes_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="'case0' stands twice"):
        evaluated([cases()[0], cases()[0]], CaseScores())


def test_a_prediction_of_another_size_is_refused() -> None:
    item = cases()[0]
    with pytest.raises(InputError, match=r"case0: .* \(1, 8, 12\) and its mask \(1, 16, 12\)"):
        evaluated([{**item, "image": item["image"][:, :8]}], CaseScores())


def test_the_handler_serves_a_plain_engine(tmp_path: Path) -> None:
    items = cases(2)
    engine = Engine(
        lambda engine, batch: [{"pred": i["image"], "label": i["label"]} for i in batch]
    )
    scores = CaseScores(NAMES)
    scores.attach(engine)
    engine.run([[items[0]], [items[1]]])
    assert from_engine("id")(scores.rows) == ["case0", "case1"]
    assert list(scores.table["id"]) == ["case0", "case1"]


def test_an_image_of_no_fold_has_an_empty_cell() -> None:
    items = [{key: value for key, value in item.items() if key != "fold"} for item in cases(2)]
    scores = CaseScores(NAMES)
    evaluated(items, scores)
    assert scores.table["fold"].isna().tolist() == [True, True]


def test_the_flags_of_an_image_stand_in_its_row() -> None:
    items = [
        {**item, "flags": "caliper,text" if item["id"] == "case1" else ""} for item in cases(3)
    ]
    scores = CaseScores(NAMES)
    evaluated(items, scores)
    assert list(scores.table["flags"]) == ["", "caliper,text", ""]
