"""The mirrored image is asked, and the mean is that of the probabilities."""

import pytest
import torch
from monai.data import MetaTensor
from monai.inferers import Inferer

from pipelines.errors import InputError
from pipelines.training.flip_average import FlipAverageInferer

IMAGES = torch.rand(2, 1, 4, 6, generator=torch.Generator().manual_seed(0))


def network(images: torch.Tensor) -> torch.Tensor:
    """Logits that tell left from right, and up from down."""
    return torch.stack([images[..., 0].sum((1, 2)), images[:, :, 0].sum((1, 2))], 1)


def test_it_is_the_mean_over_an_image_and_its_left_right_mirror_image() -> None:
    answer = FlipAverageInferer()(IMAGES, network).softmax(1)
    both = network(IMAGES).softmax(1), network(IMAGES.flip(3)).softmax(1)
    torch.testing.assert_close(answer, (both[0] + both[1]) / 2)
    mirrored = FlipAverageInferer()(IMAGES.flip(3), network).softmax(1)
    torch.testing.assert_close(answer, mirrored)


def test_with_sigmoids_it_is_the_mean_of_those() -> None:
    answer = FlipAverageInferer(activation="sigmoid")(IMAGES, network).sigmoid()
    both = network(IMAGES).sigmoid(), network(IMAGES.flip(3)).sigmoid()
    torch.testing.assert_close(answer, (both[0] + both[1]) / 2)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_logits_of_any_size_stay_finite(activation: str) -> None:
    def sure(images: torch.Tensor) -> torch.Tensor:
        return torch.tensor([[300.0, -300.0], [-300.0, -300.0]])

    answer = FlipAverageInferer(activation=activation)(IMAGES, sure)
    expected = sure(IMAGES) if activation == "sigmoid" else sure(IMAGES).log_softmax(1)
    torch.testing.assert_close(answer, expected)


def drawn(images: torch.Tensor) -> torch.Tensor:
    """Maps of two logits that tell a pixel's neighbours on the left from those on the right."""
    left = torch.cumsum(images, dim=3)
    return torch.cat([left, torch.cumsum(left, dim=2)], dim=1)


@pytest.mark.parametrize("up_down", [False, True])
def test_maps_are_mirrored_back_before_the_mean(up_down: bool) -> None:
    axes: list[tuple[int, ...]] = [(), (3,), *([(2,), (2, 3)] if up_down else [])]
    for activation, probabilities in (("sigmoid", torch.sigmoid), ("softmax", _softmax)):
        inferer = FlipAverageInferer(activation=activation, is_map=True, up_down=up_down)
        answer = probabilities(inferer(IMAGES, drawn))
        alone = [probabilities(drawn(IMAGES.flip(axis)).flip(axis)) for axis in axes]
        torch.testing.assert_close(answer, torch.stack(alone).mean(dim=0))
        for axis in axes:  # a mirrored image gets the mirrored answer
            mirrored = probabilities(inferer(IMAGES.flip(axis), drawn)).flip(axis)
            torch.testing.assert_close(mirrored, answer)


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(dim=1)


def test_the_answer_to_a_loaded_image_keeps_its_metadata() -> None:
    image = MetaTensor(IMAGES, meta={"filename_or_obj": "a.png"})
    answer = FlipAverageInferer(activation="sigmoid", is_map=True)(image, drawn)
    assert isinstance(answer, MetaTensor)
    assert answer.meta["filename_or_obj"] == "a.png"


@pytest.mark.parametrize("enabled", [False, "false"])
def test_switched_off_it_gives_the_logits(enabled: bool | str) -> None:
    torch.testing.assert_close(FlipAverageInferer(enabled)(IMAGES, network), network(IMAGES))


def test_the_inferer_inside_runs_the_network() -> None:
    class Twice(Inferer):
        def __call__(self, inputs, network, *args, **kwargs):
            return 2 * network(inputs)

    torch.testing.assert_close(
        FlipAverageInferer(False, Twice())(IMAGES, network), 2 * network(IMAGES)
    )


def test_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(InputError, match="flip_average is 'maybe'; expected true or false"):
        FlipAverageInferer("maybe")


def test_another_activation_is_refused() -> None:
    with pytest.raises(InputError, match="activation is 'tanh'; expected one of softmax, sigmoid"):
        FlipAverageInferer(activation="tanh")
