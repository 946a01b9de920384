"""An evaluator's maps become a table of cases and the epoch's scores."""

import math
from typing import Any

import pytest
import torch
from ignite.engine import Engine

from pipelines.errors import InputError
from pipelines.evaluation.class_map_scores import point_scores
from pipelines.training.class_map_case_scores import ClassMapScores
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table


def run(scores: ClassMapScores, pairs: list, batch: int, **item: Any) -> Engine:
    answers = [
        {"pred": torch.tensor(one)[None].float(), "label": torch.tensor(other)[None].float()}
        for one, other in pairs
    ]
    items = [
        {"id": f"image_{n}", "group": f"g{n // 2}", "class": "image", "place": n, **item}
        for n in range(len(pairs))
    ]
    engine = Engine(lambda _, batch: [answers[item["place"]] for item in batch])
    scores.attach(engine)
    engine.run([items[start : start + batch] for start in range(0, len(items), batch)])
    return engine


@pytest.mark.parametrize("batch", [1, 3])
def test_the_rows_are_the_images_whatever_the_batches(batch: int) -> None:
    scores = ClassMapScores(LABELS, {"dice": "val_dice", "pixel_accuracy": "val_accuracy"})
    engine = run(scores, made_pairs(), batch, fold=torch.tensor(0))
    expected = made_table(made_pairs())
    assert scores.table.equals(expected)
    points = point_scores(expected, LABELS)
    assert engine.state.metrics["val_dice"] == points["dice"]
    assert engine.state.metrics["val_accuracy"] == points["pixel_accuracy"]


def test_without_a_tolerance_the_borders_are_left_out() -> None:
    scores = ClassMapScores(LABELS, {"surface_dice": "val_surface_dice"}, tolerance=None)
    engine = run(scores, made_pairs(2), 1)  # images for testing have no fold
    assert scores.table["surface_dice"].isna().all()
    assert scores.table["fold"].isna().all()
    assert math.isnan(engine.state.metrics["val_surface_dice"])


def test_a_map_of_another_size_than_its_mask_is_refused() -> None:
    (prediction, truth), *_ = made_pairs()
    with pytest.raises(InputError, match="image_0: the prediction has the shape"):
        run(ClassMapScores(LABELS), [(prediction[:-1], truth)], 1)
