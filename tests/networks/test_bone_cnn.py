from typing import Any

import pytest
import torch
from torch import nn

from networks.bone_cnn import VERSIONS, BoneCNN
from networks.errors import NetworkError


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("num_classes", [2, 3])
def test_images_of_any_size_are_answered(version: int, in_channels: int, num_classes: int) -> None:
    network = BoneCNN(num_classes, in_channels, version, dense=8, batch_norm=True)
    assert network(torch.rand(2, in_channels, 40, 64)).shape == (2, num_classes)
    assert network(torch.rand(2, in_channels, 16, 16)).shape == (2, num_classes)


def test_the_second_version_looks_at_large_pieces_first() -> None:
    kernels = {
        version: [m.kernel_size[0] for m in BoneCNN(version=version).modules() if is_conv(m)]  # type: ignore[union-attr, index]
        for version in VERSIONS
    }
    assert kernels == {1: [3, 3, 3, 3], 2: [11, 7, 5, 3]}
    filters = [m.out_channels for m in BoneCNN(version=2).modules() if isinstance(m, nn.Conv2d)]
    assert filters == sorted(filters)


def test_the_maps_are_those_that_the_head_reads() -> None:
    network, images = BoneCNN(dense=4).eval(), torch.rand(2, 1, 32, 48)
    assert network.maps(images).shape == (2, 128, 2, 3)
    torch.testing.assert_close(network.head(network.maps(images)), network(images))


def is_conv(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"num_classes": 1}, "num_classes is 1"),
        ({"in_channels": 2}, "in_channels is 2; expected 1 .grey. or 3"),
        ({"version": 3}, "version is 3; expected 1 or 2"),
        ({"dense": 0}, "dense is 0"),
        ({"dropout": 1}, "dropout is 1"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        BoneCNN(**arguments)
