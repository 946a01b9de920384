"""Both answers come at one go, and each is what the network gives by itself."""

import pytest
import torch
from torch import nn

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from pipelines.training.calibration_inferer import CalibrationInferer

IMAGES = torch.rand(5, 1, 4, 6, generator=torch.Generator().manual_seed(0))


def calibrated(
    temperature: float, seed: int = 0, activation: str = "softmax", **options: bool
) -> CalibratedClassifier:
    torch.manual_seed(seed)
    inner = nn.Sequential(nn.Flatten(), nn.Linear(24, 3))
    network = CalibratedClassifier(inner, activation=activation, **options).eval()
    network.temperature.fill_(temperature)
    return network


@torch.no_grad()
def both(network: nn.Module) -> torch.Tensor:
    return CalibrationInferer()(IMAGES, network)


def test_the_uncalibrated_answer_stands_behind_the_calibrated_one() -> None:
    found = both(calibrated(2.0))
    assert found.shape == (5, 2, 3)
    assert torch.equal(found[:, 0], calibrated(2.0)(IMAGES))
    assert torch.equal(found[:, 1], calibrated(1.0)(IMAGES))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_of_an_ensemble_both_are_those_of_the_ensemble(activation: str) -> None:
    def ensemble(*temperatures: float) -> Ensemble:
        members = [calibrated(t, seed, activation) for seed, t in enumerate(temperatures)]
        return Ensemble(members, activation)

    found = both(ensemble(2.0, 0.5))
    torch.testing.assert_close(found[:, 0], ensemble(2.0, 0.5)(IMAGES))
    torch.testing.assert_close(found[:, 1], ensemble(1.0, 1.0)(IMAGES))


@pytest.mark.parametrize(
    "network",
    [
        calibrated(1.0),
        calibrated(2.0, calibrated=False),
        nn.Sequential(nn.Flatten(), nn.Linear(24, 3)),
        Ensemble([calibrated(1.0), calibrated(1.0, 1)]),
    ],
)
def test_a_network_without_a_temperature_gives_one_answer(network: nn.Module) -> None:
    assert torch.equal(both(network), network(IMAGES))
