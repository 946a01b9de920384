from typing import Any

import pytest
import torch

from networks.errors import NetworkError
from networks.presence_network import PresenceNetwork

SMALL = {"options": {"width_mult": 0.1}, "channels": 8}


def made(**arguments: Any) -> PresenceNetwork:
    torch.manual_seed(0)
    return PresenceNetwork("torchvision.mobilenet_v2", **{**SMALL, **arguments}).eval()


@pytest.fixture(scope="module")
def network() -> PresenceNetwork:
    return made()


def test_presence_stands_behind_the_mask_while_it_trains(network: PresenceNetwork) -> None:
    images = torch.rand(2, 1, 64, 96)
    answer = network.train()(images)
    assert answer.shape == (2, 2, 64, 96)
    assert all(len(one.unique()) == 1 for one in answer[:, 1])
    assert network.eval()(images).shape == (2, 1, 64, 96)


def test_the_mask_is_drawn_at_a_quarter_of_the_size(network: PresenceNetwork) -> None:
    levels = network.levels(torch.rand(1, 1, 64, 96))
    assert [tuple(maps.shape[2:]) for maps in levels] == [(2, 3), (4, 6), (8, 12), (16, 24)]
    assert network.pyramid(levels).shape == (1, 8, 16, 24)


def test_both_answers_teach_the_backbone() -> None:
    for channel in (0, 1):
        network = made().train()
        network(torch.rand(2, 1, 64, 64))[:, channel].sum().backward()
        first = next(network.backbone.parameters())
        assert first.grad is not None and first.grad.abs().sum() > 0


def test_an_open_gate_leaves_the_mask(network: PresenceNetwork) -> None:
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(network(images), network.answers(images)[0])


def test_the_gate_empties_masks_of_images_below_it() -> None:
    network, images = (
        made(),
        torch.rand(4, 1, 64, 64) * torch.tensor([0.1, 0.4, 0.7, 1.0]).reshape(4, 1, 1, 1),
    )
    with torch.no_grad():
        network.presence[1].weight.mul_(100)
    mask, presence = network.answers(images)
    order = presence.sigmoid().flatten().sort().values
    network.gate.fill_((order[1] + order[2]) / 2)
    silent = presence.sigmoid().flatten() < network.gate
    answer = network(images)
    assert silent.sum() == 2
    assert (answer[silent] < -10).all()
    torch.testing.assert_close(answer[~silent], mask[~silent])


def test_the_gate_goes_with_the_weights() -> None:
    first, second = made(gate=0.7), made()
    second.load_state_dict(first.state_dict())
    assert second.gate.item() == pytest.approx(0.7)


def test_an_image_and_its_mirror_image_are_answered_alike(network: PresenceNetwork) -> None:
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(network(images.flip(-1)).flip(-1), network(images))
    one, other = network.both(images), network.both(images.flip(-1))
    mask, presence = network.answers(images)
    mean = (one[0].sigmoid() + other[0].flip(-1).sigmoid()) / 2
    torch.testing.assert_close(mask.sigmoid(), mean)
    mean = (one[1].sigmoid() + other[1].sigmoid()) / 2
    torch.testing.assert_close(presence.sigmoid(), mean)


@pytest.mark.parametrize("mirror", [False, "false"])
def test_without_the_mirror_image_it_is_asked_once(mirror: bool | str) -> None:
    network, images = made(mirror=mirror), torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(network(images), network.both(images)[0])


@pytest.mark.parametrize("scripted", [True, False])
def test_it_can_be_exported(network: PresenceNetwork, scripted: bool) -> None:
    images = torch.rand(1, 1, 64, 64)
    if scripted:
        exported: Any = torch.jit.script(network)
    else:
        exported = torch.export.export(network, (images,)).module()
    torch.testing.assert_close(exported(images), network(images))


def test_the_mask_can_be_drawn_finer() -> None:
    network, images = made(finer=4), torch.rand(1, 1, 64, 64)
    assert network.pyramid(network.levels(images)).shape == (1, 8, 32, 32)
    assert network(images).shape == images.shape


@pytest.mark.parametrize(
    "arguments",
    [
        {"gate": 1.5},
        {"gate": -0.1},
        {"dropout": 1.0},
        {"finer": 0},
        {"finer": True},
        {"mirror": "no"},
        {"gate": "x"},
        {"channels": "a"},
        {"channels": 0},
        {"dropout": "x"},
        {"in_channels": "a"},
        {"options": "a"},
        {"finer": 2.0},
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, Any]) -> None:
    ((name, value),) = arguments.items()
    with pytest.raises(NetworkError, match=f"{name} is {value!r}; expected"):
        made(**arguments)
