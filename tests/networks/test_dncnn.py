import pytest
import torch
from torch import nn

from networks.dncnn import DnCNN
from networks.errors import NetworkError


def test_it_is_the_network_of_the_paper() -> None:
    """17 convolutions of 3 x 3, batch norm at all but the first and the last."""
    layers = list(DnCNN().modules())
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 17 and all(c.kernel_size == (3, 3) for c in convolutions)
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in layers) == 15


def test_a_pixel_sees_two_more_rows_for_each_convolution() -> None:
    network = DnCNN(depth=3, features=4).eval()
    images = torch.rand(1, 1, 15, 11, requires_grad=True)
    answer = network(images)
    assert answer.shape == (1, 1, 15, 11)
    answer[0, 0, 7, 5].backward()
    assert images.grad is not None
    rows = images.grad[0, 0].abs().sum(dim=1).nonzero().flatten()
    assert (rows.min(), rows.max()) == (4, 10)
    torch.testing.assert_close(torch.jit.script(network)(images), answer)


@pytest.mark.parametrize(
    ("name", "value"), [("depth", 1), ("depth", "x"), ("features", 0), ("in_channels", "a")]
)
def test_what_cannot_be_is_named(name: str, value: object) -> None:
    with pytest.raises(NetworkError, match=f"{name} is {value!r}; expected a whole number"):
        DnCNN(**{name: value})  # type: ignore[arg-type]
