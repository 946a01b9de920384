import pytest
import torch

from networks.bone_cnn import BoneCNN
from networks.errors import NetworkError
from networks.parameter_groups import parameter_groups
from networks.transfer_classifier import TransferClassifier


def classifier() -> TransferClassifier:
    options = {"width_mult": 0.35}
    return TransferClassifier("torchvision.mobilenet_v2", 3, 1, options, {"dense": 8})


def rate_of(groups: list[dict], parameter: torch.nn.Parameter, key: str = "lr") -> float:
    found = [g[key] for g in groups if any(p is parameter for p in g["params"])]
    assert len(found) == 1
    return found[0]


def test_every_parameter_stands_in_one_group() -> None:
    network = classifier()
    groups = parameter_groups(network, 1e-3, 1e-2, depth_decay=0.1, weight_decay=0.05)
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in network.parameters())


def test_the_rate_rises_with_depth() -> None:
    network = classifier()
    groups = parameter_groups(network, 1e-3, 1e-2, depth_decay=0.1)
    features = network.backbone.get_submodule("features")
    first, last = next(features[0].parameters()), next(features[18][1].parameters())
    assert rate_of(groups, first) == pytest.approx(1e-4)
    assert rate_of(groups, last) == pytest.approx(1e-3)
    middle = rate_of(groups, next(features[9].parameters()))
    assert 1e-4 < middle < 1e-3
    assert rate_of(groups, network.head.scores.weight) == 1e-2


def test_biases_and_normalisations_do_not_decay() -> None:
    network = classifier()
    groups = parameter_groups(network, 1e-3, weight_decay=0.05)
    features = network.backbone.get_submodule("features")
    assert rate_of(groups, features[0][0].weight, "weight_decay") == 0.05
    assert rate_of(groups, features[0][1].weight, "weight_decay") == 0
    assert rate_of(groups, network.head.scores.bias, "weight_decay") == 0
    assert rate_of(groups, network.head.scores.weight) == 1e-3


def test_l2_by_layer() -> None:
    network = classifier()
    l2 = {"head.dense.weight": 0.01, "head.scores": 0.02}
    groups = parameter_groups(network, 1e-3, weight_decay=0.05, l2=l2)
    assert rate_of(groups, network.head.dense.weight, "weight_decay") == 0.01
    assert rate_of(groups, network.head.dense.bias, "weight_decay") == 0
    assert rate_of(groups, network.head.scores.bias, "weight_decay") == 0.02


def test_the_bone_networks_have_a_head_of_their_own_rate() -> None:
    network = BoneCNN(dense=4)
    groups = parameter_groups(network, 1e-3, head_rate=1e-2, weight_decay=0.1)
    first, last = network.backbone[0].weight, network.head.scores.weight
    assert (rate_of(groups, first), rate_of(groups, last)) == (1e-3, 1e-2)


def test_other_networks_have_one_rate() -> None:
    groups = parameter_groups(torch.nn.Conv2d(1, 2, 3), 1e-3, head_rate=1e-2, weight_decay=0.1)
    assert {group["lr"] for group in groups} == {1e-3}
    torch.optim.AdamW(groups)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(NetworkError, match="fits no parameter"):
        parameter_groups(classifier(), 1e-3, l2={"dence": 0.1})
    with pytest.raises(NetworkError, match="depth_decay is 0"):
        parameter_groups(classifier(), 1e-3, depth_decay=0)
