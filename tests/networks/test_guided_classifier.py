import pytest
import torch

from networks.errors import NetworkError
from networks.guided_classifier import GuidedClassifier

SMALL = {"width_mult": 0.35}


@pytest.fixture(scope="module")
def network() -> GuidedClassifier:
    torch.manual_seed(0)
    return GuidedClassifier("torchvision.mobilenet_v2", 3, options=SMALL, head={"dropout": 0.2})


def test_the_map_stands_behind_the_classes_while_it_trains(network: GuidedClassifier) -> None:
    images = torch.rand(2, 1, 64, 96)
    assert network.train()(images).shape == (2, 3 + 8 * 12)
    assert network.eval()(images).shape == (2, 3)
    levels = network.levels(images)
    assert [tuple(maps.shape[2:]) for maps in levels] == [(2, 3), (4, 6), (8, 12)]
    assert torch.equal(levels[0], network.maps(images))
    assert network.pyramid(levels).shape == (2, 64, 8, 12)


def test_the_map_says_where_the_classes_are_read(network: GuidedClassifier) -> None:
    network.eval()
    images = torch.rand(1, 1, 64, 64)
    before = network(images)
    with torch.no_grad():
        kept = network.lesion.weight.clone()
        network.lesion.weight.normal_()
        after = network(images)
        network.lesion.weight.copy_(kept)
    assert not torch.allclose(before, after)


def test_the_lesion_guides_the_backbone(network: GuidedClassifier) -> None:
    network.train()
    network(torch.rand(2, 1, 64, 64))[:, 3:].sum().backward()
    first = next(network.backbone.parameters())
    assert first.grad is not None and first.grad.abs().sum() > 0
    network.zero_grad(set_to_none=True)


def test_it_can_be_exported(network: GuidedClassifier) -> None:
    network.eval()
    images = torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(torch.jit.script(network)(images), network(images))


def test_a_pooling_is_refused() -> None:
    with pytest.raises(NetworkError, match="pools by its lesion map"):
        GuidedClassifier("torchvision.mobilenet_v2", 3, options=SMALL, head={"pooling": "both"})


def test_a_backbone_that_is_no_sequence_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"one sequence of layers, such as torchvision\.mobile"):
        GuidedClassifier("torchvision.resnet18", 3)
