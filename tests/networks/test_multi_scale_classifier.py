from typing import Any

import pytest
import torch
from torch.nn import functional

from networks.errors import NetworkError
from networks.multi_scale_classifier import MultiScaleClassifier

SMALL = {"width_mult": 0.35}


def made(**changes: Any) -> MultiScaleClassifier:
    torch.manual_seed(0)
    given = {"sizes": (32, 64), "depth": 4, "options": SMALL, **changes}
    return MultiScaleClassifier("torchvision.mobilenet_v2", 3, **given).eval()


def test_it_reads_three_statistics_of_each_map_at_each_size() -> None:
    network, images = made(), torch.rand(2, 1, 48, 48)
    found = network.embeddings(images)
    maps = [
        network.maps(functional.interpolate(images, size=size, mode="bilinear", antialias=True))
        for size in (32, 64)
    ]
    expected = [
        statistic
        for one in maps
        for statistic in (one.mean((2, 3)), one.amax((2, 3)), one.std((2, 3), correction=0))
    ]
    torch.testing.assert_close(found, torch.cat(expected, dim=1))
    assert network(images).shape == (2, 3)
    torch.testing.assert_close(network(images), network.head.scores(found))


def test_the_longer_side_takes_the_size() -> None:
    sizes: list[tuple[int, ...]] = []
    network = made()
    network.normalisation.register_forward_hook(lambda *call: sizes.append(call[1][0].shape[2:]))
    network(torch.rand(1, 1, 48, 96))
    assert sizes == [(16, 32), (32, 64)]


def test_only_the_head_trains() -> None:
    trained = {name for name, value in made().named_parameters() if value.requires_grad}
    assert trained == {"head.scores.weight", "head.scores.bias"}


def test_depth_takes_the_first_layers() -> None:
    assert len(made(depth=4).backbone.features) == 4
    assert len(made(depth=None).backbone.features) == 19


def test_it_scripts_as_it_is() -> None:
    network, images = made(), torch.rand(1, 1, 40, 64)
    torch.testing.assert_close(torch.jit.script(network)(images), network(images))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sizes": ()}, "different numbers of pixels from 32"),
        ({"sizes": (64, 64)}, "different numbers of pixels from 32"),
        ({"sizes": (16,)}, "different numbers of pixels from 32"),
        ({"sizes": (64.0,)}, "different numbers of pixels from 32"),
        ({"depth": 0}, "1 to 19"),
        ({"depth": 20}, "1 to 19"),
        ({"depth": True}, "1 to 19"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        made(**changes)


def test_depth_needs_a_sequence_of_layers() -> None:
    with pytest.raises(NetworkError, match="one sequence of layers"):
        MultiScaleClassifier("torchvision.resnet50", 2, depth=2)
