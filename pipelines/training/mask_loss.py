"""Whether a loss of lesion masks fits its network, and what it was asked to weigh."""

from __future__ import annotations

import json
from typing import Any

import torch

from networks.presence_network import PresenceNetwork
from pipelines.errors import InputError
from pipelines.training.presence_loss import PresenceLoss
from pipelines.training.workflow import running_config

_WEIGHT = "@positive_weight"


def check_mask_loss(
    network: torch.nn.Module, loss: torch.nn.Module, positive_weight: float | None
) -> None:
    """Refuses a loss that cannot take the network's answer, or that would ignore a weight.

    Args:
        network: the network that trains.
        loss: its loss.
        positive_weight: weight of the lesions' pixels, or None. The running configuration's
            ``loss`` must refer to it where it is given.

    Raises:
        InputError: the network answers with mask and presence, and the loss takes a mask alone; or
            the loss has no use for the weight.
    """
    name = type(loss).__name__
    if isinstance(network, PresenceNetwork) and not isinstance(loss, PresenceLoss):
        raise InputError(
            f"loss is {name}, which takes a mask alone, but {type(network).__name__} also says "
            "whether there is a lesion. Leave the loss of the recipe joint, and change its part "
            "loss::mask_loss"
        )
    if positive_weight is not None and _WEIGHT not in json.dumps(_loss(), default=str):
        raise InputError(
            f"positive_weight is {positive_weight}, but the recipe's loss, {name}, does not take "
            "it; leave it out, or weigh by the loss's own arguments"
        )


def _loss() -> Any:
    return running_config().get("loss")
