from typing import Any

import pytest
import torch
from torch import nn

from networks.transfer_classifier import TransferClassifier


def classifier(**arguments: Any) -> TransferClassifier:
    given = {"num_classes": 3, "options": {"width_mult": 0.35}, **arguments}
    return TransferClassifier("torchvision.mobilenet_v2", **given)


def test_images_become_class_scores() -> None:
    network = classifier(head={"dense": 16, "dropout": 0.2}).eval()
    images = torch.rand(2, 1, 64, 96)
    assert network(images).shape == (2, 3)
    assert torch.allclose(network(images), network.head(network.maps(images)))
    assert network.embeddings(images).shape == (2, 1280)


def test_grey_with_summed_filters_is_rgb_of_equal_channels() -> None:
    colour = classifier(in_channels=3).eval()
    grey = classifier(in_channels=1).eval()
    state = colour.state_dict()
    first = "backbone.features.0.0.weight"
    state[first] = state[first].sum(dim=1, keepdim=True)
    state |= {k: grey.state_dict()[k] for k in ("normalisation.mean", "normalisation.deviation")}
    grey.load_state_dict(state)
    images = torch.rand(1, 1, 64, 64)
    assert torch.allclose(grey(images), colour(images.expand(-1, 3, -1, -1)), atol=1e-5)


def test_a_frozen_normalisation_keeps_its_statistics() -> None:
    network = classifier(trained={"last": 2}).train()
    frozen = network.backbone.get_submodule("features.0.1")
    free = network.backbone.get_submodule("features.18.1")
    assert isinstance(frozen, nn.BatchNorm2d) and isinstance(free, nn.BatchNorm2d)
    before = frozen.running_mean.clone(), free.running_mean.clone()  # type: ignore[union-attr]
    network(torch.rand(4, 1, 64, 64))
    assert torch.equal(frozen.running_mean, before[0])  # type: ignore[arg-type]
    assert not torch.equal(free.running_mean, before[1])  # type: ignore[arg-type]
    assert network.training and network.head.training


@pytest.mark.parametrize("scripted", [True, False])
def test_it_can_be_exported(scripted: bool) -> None:
    network, images = classifier().eval(), torch.rand(1, 1, 64, 64)
    if scripted:
        exported: Any = torch.jit.script(network)
    else:
        exported = torch.export.export(network, (images,)).module()
    assert torch.allclose(exported(images), network(images), atol=1e-6)
