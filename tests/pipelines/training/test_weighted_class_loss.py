"""All losses of a classification keep their settings alike, and the first process tells them."""

import logging
from collections.abc import Callable

import pytest
import torch

from pipelines.training import weighted_class_loss
from pipelines.training.binary_class_loss import BinaryClassLoss
from pipelines.training.class_loss import ClassLoss
from pipelines.training.focal_class_loss import FocalClassLoss
from pipelines.training.weighted_class_loss import WeightedClassLoss

LOSSES = [ClassLoss, FocalClassLoss, BinaryClassLoss]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_settings_are_kept(loss: Callable[..., WeightedClassLoss]) -> None:
    made = loss([0.5, 1.5], 0.1)
    assert isinstance(made, WeightedClassLoss) and made.label_smoothing == 0.1
    assert made.weights is not None and made.weights.tolist() == [0.5, 1.5]
    assert made.weights.dtype is torch.float32 and loss().weights is None


@pytest.mark.parametrize(("rank", "lines"), [(0, 1), (1, 0)])
def test_only_the_first_process_tells(
    rank: int, lines: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "med2d")
    monkeypatch.setattr(weighted_class_loss.idist, "get_rank", lambda: rank)
    WeightedClassLoss("square", None, 0.25)
    told = [record.message for record in caplog.records]
    assert told == ["loss: square, label smoothing 0.25"] * lines
