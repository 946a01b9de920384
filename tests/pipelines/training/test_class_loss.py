"""The loss is PyTorch's cross-entropy, averaged over images whatever the batch."""

import logging

import pytest
import torch

from pipelines.training.class_loss import ClassLoss

LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0, 0, 1])
SHARES = torch.eye(3)[LABELS]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_weights_it_is_pytorchs(smoothing: float) -> None:
    expected = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(LOGITS, LABELS)
    torch.testing.assert_close(ClassLoss(None, smoothing)(LOGITS, LABELS), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_with_weights_it_is_pytorchs_before_its_mean(smoothing: float) -> None:
    weights = torch.tensor([0.5, 1.0, 2.5])
    pytorchs = torch.nn.CrossEntropyLoss(weights, reduction="none", label_smoothing=smoothing)
    loss = ClassLoss(weights.tolist(), smoothing)
    torch.testing.assert_close(loss(LOGITS, LABELS), pytorchs(LOGITS, LABELS).mean())


def test_no_batch_size_changes_its_mean() -> None:
    loss = ClassLoss([0.5, 1.0, 2.5], 0.1)
    single = torch.stack([loss(LOGITS[i : i + 1], LABELS[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(loss(LOGITS, LABELS), single.mean())


def test_an_image_weighs_as_its_class() -> None:
    one, other = (ClassLoss([1.0, w, 1.0])(LOGITS[1:2], LABELS[1:2]) for w in (1.0, 3.0))
    torch.testing.assert_close(other, 3 * one)


def test_a_mixed_image_has_its_shares_of_both_losses() -> None:
    loss = ClassLoss([0.5, 1.0, 2.5], 0.1)
    torch.testing.assert_close(loss(LOGITS, SHARES), loss(LOGITS, LABELS))
    mixed = loss(LOGITS, 0.3 * SHARES + 0.7 * SHARES.flip(0))
    torch.testing.assert_close(
        mixed, 0.3 * loss(LOGITS, SHARES) + 0.7 * loss(LOGITS, SHARES.flip(0))
    )


def test_it_says_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    ClassLoss(label_smoothing=0.1)
    assert "loss: cross-entropy, label smoothing 0.1" in caplog.text
