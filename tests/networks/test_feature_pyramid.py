import pytest
import torch
from torch import nn

from networks.backbones import make_backbone
from networks.errors import NetworkError
from networks.feature_pyramid import FeaturePyramid, pyramid_places


def test_places_are_the_last_layers_of_each_size() -> None:
    backbone = make_backbone("torchvision.mobilenet_v2", 1, width_mult=0.35)
    places, channels = pyramid_places(backbone, 1, 3)
    assert places == [3, 6, 13, 18]
    assert channels == [1280, 32, 16, 8]
    assert backbone.training


def test_the_maps_have_the_size_of_the_finest_level() -> None:
    pyramid = FeaturePyramid([32, 16, 8], 4)
    levels = [torch.rand(2, 32, 2, 3), torch.rand(2, 16, 4, 6), torch.rand(2, 8, 8, 12)]
    assert pyramid(levels).shape == (2, 4, 8, 12)


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_every_level_counts(changed: int) -> None:
    torch.manual_seed(0)
    pyramid = FeaturePyramid([6, 5, 4], 8).eval()
    levels = [torch.rand(1, 6, 2, 2), torch.rand(1, 5, 4, 4), torch.rand(1, 4, 8, 8)]
    before = pyramid(levels)
    levels[changed] = levels[changed] + torch.rand_like(levels[changed])
    assert not torch.allclose(pyramid(levels), before)


def test_a_backbone_that_is_no_sequence_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"one sequence of layers, such as torchvision\.mobile"):
        pyramid_places(make_backbone("torchvision.resnet18", 1), 1, 2)


def test_a_size_that_no_layer_gives_is_refused() -> None:
    backbone = nn.Module()
    backbone.features = nn.Sequential(nn.Conv2d(1, 2, 3, stride=4, padding=1))
    with pytest.raises(NetworkError, match="maps of 2 times"):
        pyramid_places(backbone, 1, 1)
