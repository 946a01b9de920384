"""The ensemble answers by the mean of its members' probabilities, by either activation."""

import pytest
import torch
from torch import nn

from networks.ensemble import Ensemble
from networks.errors import NetworkError


class Fixed(nn.Module):
    """Gives logits that do not depend on the image."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.repeat(len(images), 1)


MEMBERS = [Fixed(2.0, -1.0, 0.5), Fixed(-3.0, 0.0, 1.0), Fixed(0.1, 0.2, 90.0)]
IMAGES = torch.zeros(2, 1, 4, 4)


def normalised_sigmoids(logits: torch.Tensor) -> torch.Tensor:
    values = logits.sigmoid()
    return values / values.sum(dim=1, keepdim=True)


def test_it_is_the_mean_of_softmaxes() -> None:
    answer = Ensemble(MEMBERS)(IMAGES).softmax(dim=1)
    expected = torch.stack([member(IMAGES).softmax(dim=1) for member in MEMBERS]).mean(dim=0)
    torch.testing.assert_close(answer, expected)


def test_it_is_the_mean_of_normalised_sigmoids() -> None:
    answer = normalised_sigmoids(Ensemble(MEMBERS, "sigmoid")(IMAGES))
    expected = torch.stack([normalised_sigmoids(member(IMAGES)) for member in MEMBERS]).mean(dim=0)
    torch.testing.assert_close(answer, expected)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_certain_answer_has_finite_logits(activation: str) -> None:
    answer = Ensemble([Fixed(200.0, -200.0)] * 2, activation)(IMAGES)
    assert torch.isfinite(answer).all()
    assert answer.argmax(dim=1).tolist() == [0, 0]


def test_it_is_scripted() -> None:
    ensemble = Ensemble(MEMBERS)
    torch.testing.assert_close(torch.jit.script(ensemble)(IMAGES), ensemble(IMAGES))


def test_what_it_cannot_be_made_of_is_refused() -> None:
    with pytest.raises(NetworkError, match="at least one member"):
        Ensemble([])
    with pytest.raises(NetworkError, match="activation is 'relu'; expected softmax, sigmoid, mask"):
        Ensemble(MEMBERS, "relu")


class Drawn(nn.Module):
    """Gives a map of logits that does not depend on the image."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits).reshape(1, 1, 2, 2))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.repeat(len(images), 1, 1, 1)


def test_of_lesion_masks_it_is_the_mean_of_each_pixel_s_sigmoid() -> None:
    emptied = Drawn(-20.0, -20.0, -20.0, -20.0)  # as a gate leaves it
    members = [Drawn(3.0, -1.0, 200.0, -200.0), Drawn(-2.0, 0.5, 200.0, 1.0), emptied]
    answer = torch.jit.script(Ensemble(members, "mask"))(IMAGES)
    expected = torch.stack([member(IMAGES).sigmoid() for member in members]).mean(dim=0)
    torch.testing.assert_close(answer.sigmoid(), expected)
    assert torch.isfinite(Ensemble(members[:1], "mask")(IMAGES)).all()


def test_of_class_maps_it_is_the_mean_of_each_pixel_s_softmax() -> None:
    members = [nn.Conv2d(1, 3, 1), nn.Conv2d(1, 3, 3, padding=1)]
    images = torch.rand(2, 1, 4, 5)
    expected = torch.stack([member(images).softmax(dim=1) for member in members]).mean(dim=0)
    torch.testing.assert_close(Ensemble(members)(images).softmax(dim=1), expected)


class Gated(nn.Module):
    """Draws the image, and is as sure of a lesion as it was made; its gate is closed."""

    def __init__(self, presence: float) -> None:
        super().__init__()
        self.presence = presence

    def answers(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images, torch.full((len(images), 1), self.presence)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.full_like(images, -20.0)


def test_before_the_gates_it_tells_the_means_of_mask_and_presence() -> None:
    images = torch.randn(2, 1, 3, 4)
    together = Ensemble([Gated(2.0), Gated(-1.0), nn.Tanh()], "mask")
    mask, presence = together.answers(images)
    expected = (2 * images.sigmoid() + images.tanh().sigmoid()) / 3
    torch.testing.assert_close(mask.sigmoid(), expected)
    certain = torch.tensor([2.0, -1.0]).sigmoid().mean()  # of the members that tell one
    torch.testing.assert_close(presence.sigmoid(), certain.expand(2, 1))
    assert (together(images).sigmoid() < 0.5).all()


def test_without_a_member_that_tells_it_presence_is_unknown() -> None:
    mask, presence = Ensemble([nn.Tanh(), nn.Identity()], "mask").answers(torch.randn(2, 1, 3, 4))
    assert mask.shape == (2, 1, 3, 4)
    assert presence.shape == (2, 1) and presence.isnan().all()
