"""The temperature changes how sure the answers are, never the class, and stays with the weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from networks.errors import NetworkError
from pipelines.training.flip_average import FlipAverageInferer
from transforms.class_probabilities import ClassProbabilitiesd

IMAGES = torch.randn(40, 1, 4, 6, generator=torch.Generator().manual_seed(0)) * 3


def classifier() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 3)).eval()


def calibrated(temperature: float = 1.0, **options: object) -> CalibratedClassifier:
    network = CalibratedClassifier(classifier(), **options)  # type: ignore[arg-type]
    network.temperature.fill_(temperature)
    return network.eval()


def probabilities(logits: torch.Tensor, activation: str = "softmax") -> torch.Tensor:
    return ClassProbabilitiesd("pred", activation)({"pred": logits})["pred"]


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("flip_average", [True, False])
def test_at_temperature_1_it_answers_as_before(activation: str, flip_average: bool) -> None:
    expected = FlipAverageInferer(flip_average, activation=activation)(IMAGES, classifier())
    answer = calibrated(flip_average=flip_average, activation=activation)(IMAGES)
    assert torch.equal(answer, expected)


@pytest.mark.parametrize(
    ("activation", "temperature"),
    [("softmax", 0.05), *((name, t) for name in ("softmax", "sigmoid") for t in (0.6, 3.0, 20.0))],
)
def test_no_temperature_changes_the_class(activation: str, temperature: float) -> None:
    before = probabilities(calibrated(activation=activation)(IMAGES), activation)
    after = probabilities(calibrated(temperature, activation=activation)(IMAGES), activation)
    assert len(set(before.argmax(dim=1).tolist())) == 3
    assert torch.equal(after.argmax(dim=1), before.argmax(dim=1))
    if activation == "softmax":
        assert ((after.amax(dim=1) < before.amax(dim=1)) == (temperature > 1)).all()


def test_the_temperature_divides_the_logits_of_the_mean_over_both_mirror_images() -> None:
    network = classifier()
    mean = (network(IMAGES).softmax(1) + network(IMAGES.flip(-1)).softmax(1)) / 2
    torch.testing.assert_close(calibrated(2.0)(IMAGES).softmax(1), (mean.log() / 2).softmax(1))


def test_without_calibration_the_temperature_is_not_applied() -> None:
    assert torch.equal(calibrated(3.0, calibrated="false")(IMAGES), calibrated()(IMAGES))


def test_the_weights_have_the_names_of_the_classifier_inside(tmp_path: Path) -> None:
    network = calibrated(1.5)
    state = network.state_dict()
    assert set(state) == {*classifier().state_dict(), "temperature"}
    torch.save(state, tmp_path / "model.pt")
    other = CalibratedClassifier(nn.Sequential(nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 3)))
    other.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    assert torch.equal(other.eval()(IMAGES), network(IMAGES))
    classifier().load_state_dict({k: v for k, v in state.items() if k != "temperature"})


def test_weights_without_a_temperature_take_away_the_one_before() -> None:
    network = calibrated(1.5)
    network.load_state_dict(classifier().state_dict())
    assert float(network.temperature) == 1


def test_members_of_an_ensemble_keep_their_temperatures() -> None:
    state = Ensemble([calibrated(1.5), calibrated(3.0)]).state_dict()
    assert {name for name in state if "temperature" in name} == {
        "members.0.temperature",
        "members.1.temperature",
    }
    other = Ensemble([calibrated(), calibrated()])
    other.load_state_dict(state)
    assert [float(member.temperature) for member in other.members] == [1.5, 3.0]


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_it_is_scripted(activation: str) -> None:
    network = calibrated(1.5, activation=activation)
    torch.testing.assert_close(torch.jit.script(network)(IMAGES), network(IMAGES))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"activation": "relu"}, "activation is 'relu'; expected softmax, sigmoid"),
        ({"flip_average": "maybe"}, "flip_average is 'maybe'; expected true or false"),
        ({"calibrated": 2}, "calibrated is 2; expected true or false"),
    ],
)
def test_what_it_cannot_be_made_with_is_named(options: dict[str, object], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        calibrated(**options)  # type: ignore[arg-type]
