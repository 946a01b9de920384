"""A training says what it begins from and how much of the network trains."""

import logging
from pathlib import Path

import pytest
import torch

from networks.errors import NetworkError
from networks.presence_network import PresenceNetwork
from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError
from pipelines.training.transfer import with_pretrained, with_weights


def classifier(trained: str = "all") -> TransferClassifier:
    return TransferClassifier(
        "torchvision.mobilenet_v2", 3, options={"width_mult": 0.1}, trained=trained
    )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.save(classifier().backbone.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def test_what_is_loaded_and_what_trains_is_told(
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "med2d")
    network = classifier("none")
    assert with_pretrained(network, str(weights), "imagenet") is network
    state = torch.load(weights, weights_only=True)
    assert all(torch.equal(v, state[k]) for k, v in network.backbone.state_dict().items())
    assert float(network.normalisation.mean.mean()) == pytest.approx(0.449)
    head = sum(p.numel() for p in network.head.parameters())
    assert "weights: 312 of 312 tensors of the backbone" in caplog.text
    assert f"training {head:,} of " in caplog.text
    assert "in 1 of 105 layers" in caplog.text


@pytest.mark.parametrize("weights", [None, "null"])
def test_random_weights_are_told(weights: str | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    with_pretrained(classifier(), weights, weights)
    assert "weights: random" in caplog.text


def test_a_file_without_its_normalisation_is_a_readable_error(weights: Path, error_line) -> None:
    with pytest.raises(NetworkError) as caught:
        with_pretrained(classifier(), str(weights))
    assert "give --normalisation symmetric" in error_line(caught.value)


def test_a_network_with_a_backbone_takes_pretrained_weights(weights: Path) -> None:
    network = with_weights(classifier(), str(weights), "imagenet")
    assert float(network.normalisation.mean.mean()) == pytest.approx(0.449)


def test_any_other_takes_whole_weights(tmp_path: Path) -> None:
    source, network = torch.nn.Conv2d(1, 1, 3), torch.nn.Conv2d(1, 1, 3)
    torch.save(source.state_dict(), tmp_path / "model.pt")
    assert with_weights(network, str(tmp_path / "model.pt")) is network
    assert torch.equal(network.weight, source.weight)
    assert with_weights(network, "null", "null") is network
    with pytest.raises(InputError, match="network_def has no pretrained backbone"):
        with_weights(network, None, "imagenet")


def test_random_features_are_warned_about(weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    with_pretrained(classifier(), None)
    with_pretrained(classifier("none"), str(weights), "imagenet")
    assert "random features" not in caplog.text
    with_pretrained(classifier("none"), None)
    assert "the head learns from random features; give pretrained weights" in caplog.text


def joint(gate: float = 0.0) -> PresenceNetwork:
    return PresenceNetwork(
        "torchvision.mobilenet_v2", options={"width_mult": 0.1}, channels=8, gate=gate
    )


def test_the_model_of_a_run_fills_the_whole_network_but_its_gate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "med2d")
    source, network, path = joint(0.7), joint(), tmp_path / "model.pt"
    source.normalisation.choose("unit")
    torch.save(source.state_dict(), path)
    assert with_weights(network, str(path)) is network
    state, loaded = source.state_dict(), network.state_dict()
    assert all(torch.equal(loaded[name], state[name]) for name in state if name != "gate")
    assert float(network.gate) == 0
    told = f"weights: {len(state) - 1} of {len(state)} tensors of the network from {path}"
    assert f"{told}, but its gate, to be chosen anew" in caplog.text


def test_a_normalisation_that_is_given_goes_before_that_of_a_model(tmp_path: Path) -> None:
    network = joint()
    torch.save(joint().state_dict(), tmp_path / "model.pt")
    with_weights(network, str(tmp_path / "model.pt"), "unit")
    assert float(network.normalisation.deviation.mean()) == 1


def test_the_model_of_another_network_fills_the_backbone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "med2d")
    torch.save(classifier().state_dict(), tmp_path / "model.pt")
    with_weights(joint(), str(tmp_path / "model.pt"), "unit")
    assert "tensors of the backbone from" in caplog.text


def test_a_model_with_nan_is_refused(tmp_path: Path) -> None:
    state = joint().state_dict()
    torch.save({**state, "lesion.bias": torch.tensor([float("nan")])}, tmp_path / "model.pt")
    with pytest.raises(NetworkError, match="NaN or infinite"):
        with_weights(joint(), str(tmp_path / "model.pt"))


def test_a_classifier_takes_the_backbone_of_its_like(weights: Path, tmp_path: Path) -> None:
    source, network = classifier(), classifier()
    head = network.head.scores.weight.clone()
    torch.save(source.state_dict(), tmp_path / "model.pt")
    with_pretrained(network, str(tmp_path / "model.pt"), "unit")
    assert torch.equal(network.head.scores.weight, head)
