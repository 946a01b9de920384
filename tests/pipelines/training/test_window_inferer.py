"""Windows blend into one another: nothing in the answer shows where they met."""

from functools import partial

import pytest
import torch
from monai.inferers import Inferer, SimpleInferer, SlidingWindowInferer

from pipelines.training.window_inferer import WindowInferer


def ramps(height: int, width: int) -> torch.Tensor:
    rows = torch.linspace(0, 1, height)[:, None].expand(height, width)
    columns = torch.linspace(0, 1, width)[None].expand(height, width)
    return torch.stack([rows, columns, rows * columns])[None]


@pytest.mark.parametrize("shape", [(40, 64), (16, 50), (7, 9), (1, 33)])
def test_a_network_that_sees_one_pixel_gives_what_it_gives_for_the_whole(
    shape: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, 4, 1)
    image = ramps(*shape)
    with torch.no_grad():
        found = WindowInferer(16)(image, network)
        torch.testing.assert_close(found, network(image), atol=1e-5, rtol=1e-5)


def _dark_borders(windows: torch.Tensor) -> torch.Tensor:
    """A network that knows nothing near the border of what it is shown: a mean over 9 x 9 zeros."""
    return torch.nn.functional.avg_pool2d(windows, 9, stride=1, padding=4)


def _largest_step(answer: torch.Tensor) -> float:
    inside = answer[..., 8:-8, 8:-8]
    return max(float(inside.diff(dim=axis).abs().max()) for axis in (-2, -1))


def test_the_borders_of_windows_are_not_seen() -> None:
    image = torch.ones(1, 1, 96, 96)
    blended = WindowInferer(32)(image, _dark_borders)
    plain = SlidingWindowInferer((32, 32), overlap=0.0, mode="constant")(image, _dark_borders)
    assert _largest_step(plain) < 0.12  # the windows' borders are ditches of 4 pixels a side
    assert float(plain[..., 8:-8, 8:-8].min()) < 0.6
    assert float(blended[..., 8:-8, 8:-8].min()) > 0.95
    assert _largest_step(blended) < 0.01


def test_the_windows_are_answered_by_the_inferer_that_is_given() -> None:
    seen: list[tuple[int, ...]] = []

    class Watching(SimpleInferer):
        def __call__(self, inputs, network, *args, **kwargs):
            seen.append(tuple(inputs.shape))
            return super().__call__(inputs, network, *args, **kwargs)

    inferer: Inferer = Watching()
    network = partial(torch.mul, 2.0)
    found = WindowInferer(16, batch_size=2, inferer=inferer)(ramps(24, 16), network)
    torch.testing.assert_close(found, 2 * ramps(24, 16), atol=1e-5, rtol=1e-5)
    assert seen == [(2, 3, 16, 16)]
