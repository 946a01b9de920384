"""A trial step trains a copy and leaves network, gradients and random numbers as they were."""

import copy

import pytest
import torch
from monai.losses import DiceCELoss
from torch import nn

from pipelines.errors import InputError
from pipelines.training.class_loss import ClassLoss
from pipelines.training.trial_step import TrialStep


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 3))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_nothing_is_left_behind(precision: str, layout: str) -> None:
    model = network().eval()
    weights, before = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    step = TrialStep(model, ClassLoss(), 16, "cpu", precision, layout)
    assert step(4) > 0
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not model.training
    assert not step.network[1].running_mean.equal(model[1].running_mean)  # type: ignore[index]


def test_the_step_has_the_networks_channels_and_the_layout_asked_for() -> None:
    step = TrialStep(network(), ClassLoss(), 16, "cpu", "float32", "channels_last")
    seen: list[torch.Size] = []
    step.network.register_forward_pre_hook(lambda m, inputs: seen.append(inputs[0].shape))
    step(2)
    assert seen == [(2, 2, 16, 16)]
    weight = step.network[0].weight  # type: ignore[index]
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_a_map_of_classes_has_a_label_for_every_pixel() -> None:
    seen: list[torch.Tensor] = []
    loss = DiceCELoss(softmax=True, to_onehot_y=True)

    def watched(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        seen.append(labels)
        return loss(logits, labels)

    model = nn.Conv2d(3, 4, 3, padding=1)
    assert TrialStep(model, watched, 16, "cpu", "float32", "contiguous")(3) > 0
    assert seen[0].shape == (3, 1, 16, 16)
    assert seen[0][:, 0, 0, 0].tolist() == [0, 1, 0]


def test_a_network_without_convolutions_is_refused() -> None:
    with pytest.raises(InputError, match="no convolution to try; give batch_size, precision"):
        TrialStep(nn.Linear(1, 2), ClassLoss(), 16, "cpu", "float32", "contiguous")
