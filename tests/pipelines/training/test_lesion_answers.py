import math
from typing import Any

import numpy as np
import torch
from monai.data import DataLoader, Dataset
from monai.transforms import Activationsd, Compose, Invertd, Resized, ToTensord
from torch import nn

from networks.presence_network import PresenceNetwork
from pipelines.training.lesion_answers import lesion_answers

RESIZE = Compose([Resized("image", (32, 32))])
PROBABILITIES = Compose(
    [Activationsd("pred", sigmoid=True), Invertd("pred", RESIZE, "image", nearest_interp=False)]
)


def batches(size: int) -> DataLoader:
    def item(number: int) -> dict[str, Any]:
        truth = torch.zeros(1, 40, 64)
        truth[:, 5:15, 5:20] = float(number > 0)
        return {
            **{"image": truth * 2 - 1, "truth": truth},
            **{"id": f"i{number}", "group": "g", "fold": 1, "class": "benign"},
        }

    data = Dataset([item(n) for n in range(3)], Compose([ToTensord(["image", "truth"]), RESIZE]))
    return DataLoader(data, batch_size=size)


class Echo(nn.Module):
    """Answers by the image itself, ten times as sure."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images * 10


def test_probabilities_come_back_at_the_native_size() -> None:
    answers = list(lesion_answers(Echo(), batches(1), PROBABILITIES, "cpu"))
    assert [answer.item["id"] for answer in answers] == ["i0", "i1", "i2"]
    for number, answer in enumerate(answers):
        assert answer.probability.shape == answer.truth.shape == (40, 64)
        assert answer.probability.dtype == np.float32
        assert math.isnan(answer.presence)
        assert ((answer.probability > 0.5) == answer.truth).mean() > 0.97
        assert answer.truth.any() == (number > 0)


def test_a_row_is_a_region() -> None:
    answers = list(lesion_answers(Echo(), batches(1), PROBABILITIES, "cpu"))
    assert answers[0].rows(0.5) == []
    (row,) = answers[1].rows(0.5)
    assert (row["id"], row["group"], row["fold"], row["flags"]) == ("i1", "g", 1, "")
    assert row["lesion"] == 1
    assert row["share"] == row["area"] / (40 * 64)
    assert 0.5 < row["confidence"] <= 1


def test_the_gate_is_not_asked_and_batches_change_nothing() -> None:
    torch.manual_seed(0)
    network = PresenceNetwork(
        "torchvision.mobilenet_v2", gate=1.0, options={"width_mult": 0.1}, channels=8
    )
    one, other = (
        list(lesion_answers(network, batches(size), PROBABILITIES, "cpu")) for size in (1, 3)
    )
    assert not network.training
    for first, second in zip(one, other, strict=True):
        assert first.probability.max() > 0.1
        assert 0 < first.presence < 1
        np.testing.assert_allclose(first.probability, second.probability, atol=1e-5)
        np.testing.assert_allclose(first.presence, second.presence, atol=1e-6)
