"""A loss that cannot take the answer, or would ignore a weight, is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from monai.losses import DiceCELoss, TverskyLoss

from networks.presence_network import PresenceNetwork
from pipelines.errors import InputError
from pipelines.training import mask_loss
from pipelines.training.mask_loss import check_mask_loss
from pipelines.training.presence_loss import PresenceLoss


@pytest.fixture
def loss_in_config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    config: dict[str, Any] = {"loss": {"weight": "$f(@positive_weight)"}}
    monkeypatch.setattr(mask_loss, "running_config", lambda: config)
    return config


@pytest.fixture(scope="module")
def joint() -> PresenceNetwork:
    return PresenceNetwork("torchvision.mobilenet_v2", 1, options={"width_mult": 0.1})


def test_what_fits_passes(loss_in_config: dict[str, Any], joint: PresenceNetwork) -> None:
    check_mask_loss(joint, PresenceLoss(DiceCELoss(sigmoid=True)), 3.0)
    check_mask_loss(torch.nn.Identity(), DiceCELoss(sigmoid=True), 3.0)
    loss_in_config["loss"] = {"_target_": "TverskyLoss"}
    check_mask_loss(torch.nn.Identity(), TverskyLoss(sigmoid=True), None)


def test_a_network_that_tells_presence_needs_a_loss_for_it(
    loss_in_config: dict[str, Any], joint: PresenceNetwork
) -> None:
    with pytest.raises(InputError, match=r"TverskyLoss, which takes a mask alone.*loss::mask_loss"):
        check_mask_loss(joint, TverskyLoss(sigmoid=True), None)


def test_a_weight_that_nothing_takes_is_refused(loss_in_config: dict[str, Any]) -> None:
    loss_in_config["loss"] = {"_target_": "TverskyLoss"}
    with pytest.raises(InputError, match=r"positive_weight is 50\.0, but the recipe's loss"):
        check_mask_loss(torch.nn.Identity(), TverskyLoss(sigmoid=True), 50.0)
