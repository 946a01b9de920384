"""The mirrored image is asked, and the mean is that of the probabilities."""

import pytest
import torch
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
