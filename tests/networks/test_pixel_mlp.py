import pytest
import torch

from networks.errors import NetworkError
from networks.pixel_mlp import PixelMLP


def test_a_pixel_is_answered_by_itself_alone() -> None:
    network = PixelMLP(3, 4, hidden=(8, 6), dropout=0.5).eval()
    images = torch.rand(2, 3, 5, 7)
    answer = network(images)
    assert answer.shape == (2, 4, 5, 7)
    turned = network(images.flip(2, 3))
    torch.testing.assert_close(turned.flip(2, 3), answer)
    images[:, :, 0, 0] += 1
    changed = (network(images) != answer).any(dim=1).any(dim=0)
    assert changed.nonzero().tolist() == [[0, 0]]
    torch.testing.assert_close(torch.jit.script(network)(images), network(images))


def test_what_is_out_of_range_is_named() -> None:
    for hidden in ((), 64, "a", [8, "b"], [0]):
        with pytest.raises(NetworkError, match=r"hidden is .* expected a list of whole numbers"):
            PixelMLP(hidden=hidden)  # type: ignore[arg-type]
    for dropout in (1, "x"):
        with pytest.raises(NetworkError, match=f"dropout is {dropout!r}"):
            PixelMLP(dropout=dropout)  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="out_channels is 'a'"):
        PixelMLP(out_channels="a")  # type: ignore[arg-type]
