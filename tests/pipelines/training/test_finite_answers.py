"""An answer that is NaN ends a validation, a scoring and an inference; nothing is made of it."""

import math
from typing import Any

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator

from pipelines.errors import InputError
from pipelines.training.finite_answers import FiniteAnswers


class Answer(torch.nn.Module):
    """Answers the images by their first pixel."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, 0, :1, 0]


def evaluator(*values: float, training: bool = False, **names: list[str]) -> SupervisedEvaluator:
    items = [
        {"image": torch.full((1, 2, 2), value), **{k: v[i] for k, v in names.items()}}
        for i, value in enumerate(values)
    ]
    return SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items), batch_size=2),
        network=Answer(),
        val_handlers=[FiniteAnswers(training)],
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_image_is_named(value: float) -> None:
    expected = r"the model answers NaN for 1 of 2 images \(b\.png\); such a model is not used"
    with pytest.raises(InputError, match=expected):
        evaluator(0.5, value, path=["raw/a.png", "raw/b.png"]).run()
    with pytest.raises(InputError, match="NaN for 1 of 2 images; such"):
        evaluator(0.5, value).run()


@pytest.mark.parametrize(("epoch", "kept"), [(1, "no epoch was finished"), (3, "epoch 2 is kept")])
def test_a_validation_tells_what_is_kept(epoch: int, kept: str) -> None:
    engine: Any = evaluator(math.nan, training=True, id=["a"])
    expected = rf"validation in epoch {epoch}: .* 1 of 1 image \(a\); lower learning_rate .*{kept}"
    with pytest.raises(InputError, match=expected):
        engine.run(global_epoch=epoch)


def test_numbers_pass_and_so_does_a_probability_of_nothing() -> None:
    evaluator(0.5, -math.inf, -1e30).run()
