from typing import Any

import pytest
from torch import nn

from networks.errors import NetworkError
from networks.frozen_layers import freeze, layers, trained_layers


def network() -> nn.Sequential:
    block = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    return nn.Sequential(block, nn.MaxPool2d(2), nn.Conv2d(2, 4, 3, bias=False))


def trains(module: nn.Module) -> list[bool]:
    return [next(layer.parameters()).requires_grad for _, layer in layers(module)]


def test_what_has_weights_is_a_layer() -> None:
    assert [name for name, _ in layers(network())] == ["0.0", "0.1", "2"]


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        ("all", [True, True, True]),
        ("none", [False, False, False]),
        ({"first": 2}, [True, True, False]),
        ({"last": 2}, [False, True, True]),
        ({"last": 0}, [False, False, False]),
        ({"first": 3}, [True, True, True]),
        ({"pattern": r"^0\."}, [True, True, False]),
    ],
)
def test_the_chosen_layers_train(trained: Any, expected: list[bool]) -> None:
    module = network()
    freeze(module, "none")
    freeze(module, trained)
    assert trains(module) == expected


def test_what_trains_is_counted() -> None:
    module = network()
    freeze(module, {"first": 1})
    expected = {"layers": 3, "layers_trained": 1, "parameters": 96, "parameters_trained": 20}
    assert trained_layers(module) == expected


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        ("some", "expected"),
        ({"first": 4}, "up to 3"),
        ({"first": -1}, "up to 3"),
        ({"first": True}, "up to 3"),
        ({"middle": 1}, "expected"),
        ({"first": 1, "last": 1}, "expected"),
        ({"pattern": "("}, "which is none"),
        ({"pattern": "head"}, "fits no layer; they are called 0.0"),
    ],
)
def test_a_wrong_choice_is_refused(trained: Any, expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        freeze(network(), trained)
