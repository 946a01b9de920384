"""The focal loss is the cross-entropy at gamma 0, and above it forgives what is known already."""

import logging
from typing import Any

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training.class_loss import ClassLoss
from pipelines.training.focal_class_loss import FocalClassLoss

LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0, 0, 1])
SHARES = torch.eye(3)[LABELS]
WEIGHTS = [0.5, 1.0, 2.5]


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_gamma_it_is_the_cross_entropy(weights: Any, smoothing: float) -> None:
    focal = FocalClassLoss(weights, smoothing, gamma=0)
    expected = ClassLoss(weights, smoothing)
    for labels in (LABELS, 0.3 * SHARES + 0.7 * SHARES.flip(0)):
        torch.testing.assert_close(focal(LOGITS, labels), expected(LOGITS, labels))


def test_it_is_the_formula_of_the_paper() -> None:
    p = LOGITS.softmax(1)[torch.arange(6), LABELS]
    weight = torch.tensor(WEIGHTS)[LABELS]
    expected = (-weight * (1 - p) ** 3 * p.log()).mean()
    torch.testing.assert_close(FocalClassLoss(WEIGHTS, gamma=3)(LOGITS, LABELS), expected)


def test_no_batch_size_changes_its_mean() -> None:
    loss = FocalClassLoss(WEIGHTS, 0.1)
    single = torch.stack([loss(LOGITS[i : i + 1], LABELS[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(loss(LOGITS, LABELS), single.mean())


def test_hard_images_count_for_more_than_in_the_cross_entropy() -> None:
    logits = torch.tensor([[3.0, 0.0], [0.0, 1.0]], requires_grad=True)  # known, and not

    def shares(loss: torch.nn.Module) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(loss(logits, torch.tensor([0, 0])), logits)
        return gradient.abs().sum(1) / gradient.abs().sum()

    assert shares(FocalClassLoss())[1] > shares(ClassLoss())[1] > 0.9


@pytest.mark.parametrize("gamma", [-1, "2", True, float("nan"), float("inf"), None])
def test_a_gamma_that_is_none_is_refused(gamma: Any) -> None:
    with pytest.raises(InputError, match="gamma of the focal loss is"):
        FocalClassLoss(gamma=gamma)


def test_it_says_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    FocalClassLoss(gamma=1.5)
    assert "loss: focal, gamma 1.5, label smoothing 0" in caplog.text
