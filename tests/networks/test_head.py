from typing import Any

import pytest
import torch
from torch import nn

from networks.errors import NetworkError
from networks.head import AverageAndMaximum, classifier_head


def test_the_layers_stand_in_order() -> None:
    head = classifier_head(8, 3, "both", dense=16, batch_norm=True, dropout=0.5)
    names = ["pooling", "flatten", "dense", "batch_norm", "relu", "dropout", "scores"]
    assert [name for name, _ in head.named_children()] == names
    assert isinstance(head.dense, nn.Linear) and head.dense.in_features == 16
    assert head(torch.rand(2, 8, 5, 7)).shape == (2, 3)


def test_the_plain_head_is_one_layer_on_the_means() -> None:
    head = classifier_head(4, 2)
    maps = torch.rand(3, 4, 5, 6)
    assert [name for name, _ in head.named_children()] == ["pooling", "flatten", "scores"]
    assert torch.allclose(head(maps), head.scores(maps.mean(dim=(2, 3))))


def test_both_poolings_stand_side_by_side() -> None:
    maps = torch.rand(2, 3, 4, 5)
    pooled = AverageAndMaximum()(maps)
    assert torch.allclose(pooled[:, :3, 0, 0], maps.mean(dim=(2, 3)))
    assert torch.equal(pooled[:, 3:, 0, 0], maps.amax(dim=(2, 3)))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"pooling": "sum"}, "pooling is 'sum'; expected average"),
        ({"num_classes": 1}, "num_classes is 1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        classifier_head(**{"channels": 4, "num_classes": 2, **arguments})
