"""Heat maps are those of Grad-CAM's formula, and leave the network as it was."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from networks.bone_cnn import BoneCNN
from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from networks.transfer_classifier import TransferClassifier
from pipelines.training.heat_maps import feature_layer, heat_maps

IMAGES = list(torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(0)))


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.maps = nn.Conv2d(1, 4, 5, stride=4)
        self.pooling = nn.AdaptiveAvgPool2d(2)
        self.scores = nn.Linear(16, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scores(self.pooling(self.maps(images)).flatten(1))


def by_hand(network: Small, image: torch.Tensor, index: int) -> torch.Tensor:
    """Selvaraju et al.: a ReLU of the maps, each weighted by the mean of its gradient."""
    maps = network.maps(image[None])
    maps.retain_grad()
    network.scores(network.pooling(maps).flatten(1))[0, index].backward()
    weights = maps.grad.mean(dim=(2, 3), keepdim=True)
    heat = (weights * maps).sum(dim=1, keepdim=True).relu()
    size = image.shape[1:]
    heat = nn.functional.interpolate(heat, size=size, mode="bilinear", align_corners=False)[0, 0]
    return (heat / heat.max()).detach()


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_map_is_that_of_the_formula(memory_format: torch.memory_format) -> None:
    network = Small().to(memory_format=memory_format)
    found = heat_maps(network, IMAGES, [2, 0])
    assert found is not None
    for image, index, heat in zip(IMAGES, [2, 0], found, strict=True):
        assert heat.shape == (64, 96)
        torch.testing.assert_close(heat, by_hand(Small(), image, index), atol=1e-5, rtol=1e-4)


def test_of_a_calibrated_classifier_they_are_those_of_the_upright_image() -> None:
    found = heat_maps(CalibratedClassifier(Small()), IMAGES, [2, 0])
    expected = heat_maps(Small(), IMAGES, [2, 0])
    assert found is not None and expected is not None
    torch.testing.assert_close(found, expected)


def test_the_network_stays_as_it_was() -> None:
    network = Small().train()
    network.maps.weight.requires_grad_(False)
    before = copy.deepcopy(network.state_dict())
    heat_maps(network, IMAGES, [0, 1])
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.maps.weight.requires_grad
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


MAKERS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "frozen transfer": (
        lambda: TransferClassifier(
            "torchvision.mobilenet_v2", 3, options={"width_mult": 0.35}, trained="none"
        ),
        "backbone",
    ),
    "monai": (
        lambda: TransferClassifier(
            "monai.DenseNet121", 3, options={"block_config": [1, 1], "init_features": 8}
        ),
        "backbone",
    ),
    "bone": (lambda: BoneCNN(3), "backbone"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_classifiers_have_heat_maps(name: str) -> None:
    make, layer = MAKERS[name]
    torch.manual_seed(0)
    network = make().eval()
    assert feature_layer(network, IMAGES[0]) == layer
    found = heat_maps(network, IMAGES[:1], [1])
    assert found is not None
    assert found[0].shape == (64, 96)
    assert float(found[0].min()) >= 0
    assert float(found[0].max()) in (0.0, pytest.approx(1.0))


def test_of_an_ensemble_it_is_the_mean() -> None:
    one, other = Small(), Small()
    nn.init.normal_(other.scores.weight, generator=torch.Generator().manual_seed(1))
    maps = [heat_maps(member, IMAGES[:1], [1]) for member in (one, other, Ensemble([one, other]))]
    first, second, both = (found[0] for found in maps if found is not None)
    torch.testing.assert_close(both, (first + second) / 2)


def test_a_network_without_maps_is_told(caplog: pytest.LogCaptureFixture) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64 * 96, 3))
    assert heat_maps(network, IMAGES, [0, 1]) is None
    assert "no feature maps" in caplog.text
    assert heat_maps(network, [], []) == []
