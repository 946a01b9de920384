"""Answer images calibrated and as the network itself would, at one go."""

from __future__ import annotations

from typing import Any

import torch
from monai.inferers import Inferer
from torch import nn

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble


class CalibrationInferer(Inferer):
    """Gives a classifier's logits, and behind them those that it would give at temperature 1.

    Of an ensemble, those of its members' answers at temperature 1. The temperature needs no second
    look at the image. A network that is not calibrated gives its logits alone.
    """

    def __call__(
        self, inputs: torch.Tensor, network: nn.Module, *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Answer images (batch, channel, height, width) by (batch, 2, classes), or by (batch,
        classes) where nothing is calibrated.

        Args:
            inputs: the images.
            network: a ``CalibratedClassifier``, an ``Ensemble`` of such, or any other.
            *args: further arguments of the network.
            **kwargs: further arguments of the network.
        """
        members = list(network.members) if isinstance(network, Ensemble) else [network]
        classifiers = [one for one in members if isinstance(one, CalibratedClassifier)]
        if len(classifiers) < len(members) or not any(map(_changes, classifiers)):
            return network(inputs, *args, **kwargs)
        plain = [one.uncalibrated(inputs) for one in classifiers]
        calibrated = [
            one.at_temperature(answer) for one, answer in zip(classifiers, plain, strict=True)
        ]
        if isinstance(network, Ensemble):
            return torch.stack([network.mean(calibrated), network.mean(plain)], dim=1)
        return torch.stack([*calibrated, *plain], dim=1)


def _changes(classifier: CalibratedClassifier) -> bool:
    """Whether the temperature changes the answers."""
    return classifier.calibrated and float(classifier.temperature) != 1
