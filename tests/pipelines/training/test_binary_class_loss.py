"""Each class is a question of its own; an image weighs as its class, in all of them."""

import logging

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training.binary_class_loss import BinaryClassLoss, check_activation
from pipelines.training.class_loss import ClassLoss

LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0, 0, 1])
SHARES = torch.eye(3)[LABELS]
WEIGHTS = [0.5, 1.0, 2.5]


def test_it_is_the_binary_cross_entropy_of_all_classes() -> None:
    expected = torch.nn.BCEWithLogitsLoss()(LOGITS, SHARES)
    torch.testing.assert_close(BinaryClassLoss()(LOGITS, LABELS), expected)


def test_smoothing_spreads_over_yes_and_no() -> None:
    expected = torch.nn.BCEWithLogitsLoss()(LOGITS, 0.9 * SHARES + 0.05)
    torch.testing.assert_close(BinaryClassLoss(None, 0.1)(LOGITS, LABELS), expected)


def test_an_image_weighs_as_its_class() -> None:
    one, other = (BinaryClassLoss([1.0, w, 1.0])(LOGITS[1:2], LABELS[1:2]) for w in (1.0, 3.0))
    torch.testing.assert_close(other, 3 * one)


def test_no_batch_size_changes_its_mean() -> None:
    loss = BinaryClassLoss(WEIGHTS, 0.1)
    single = torch.stack([loss(LOGITS[i : i + 1], LABELS[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(loss(LOGITS, LABELS), single.mean())


def test_a_mixed_image_is_compared_with_its_shares() -> None:
    mixed = 0.3 * SHARES + 0.7 * SHARES.flip(0)
    expected = torch.nn.BCEWithLogitsLoss()(LOGITS, mixed)
    torch.testing.assert_close(BinaryClassLoss()(LOGITS, mixed), expected)
    same = BinaryClassLoss(WEIGHTS)
    torch.testing.assert_close(same(LOGITS, SHARES), same(LOGITS, LABELS))


def test_it_says_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    BinaryClassLoss()
    assert "loss: binary cross-entropy, label smoothing 0" in caplog.text


def test_its_answers_are_read_as_sigmoids() -> None:
    check_activation(BinaryClassLoss(), "sigmoid")
    check_activation(ClassLoss(), "softmax")
    with pytest.raises(InputError, match="activation is 'softmax', and the loss is the binary"):
        check_activation(BinaryClassLoss(), "softmax")
