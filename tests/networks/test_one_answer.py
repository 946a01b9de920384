import pytest
import torch
from monai.networks.nets import BasicUNetPlusPlus

from networks.errors import NetworkError
from networks.one_answer import OneAnswer


@pytest.mark.parametrize("deep", [False, True])
def test_a_unet_plus_plus_gives_its_finest_map(deep: bool) -> None:
    several = BasicUNetPlusPlus(2, 1, 2, features=(4, 4, 4, 4, 4, 4), deep_supervision=deep).eval()
    network, images = OneAnswer(several).eval(), torch.rand(1, 1, 32, 32)
    answers = several(images)
    assert len(answers) == (4 if deep else 1)
    assert torch.equal(network(images), answers[-1])
    torch.testing.assert_close(torch.jit.script(network)(images), answers[-1])


def test_what_is_no_network_or_place_is_named() -> None:
    with pytest.raises(NetworkError, match="network is 'x'; expected a network"):
        OneAnswer("x")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="place is 'last'; expected a whole number"):
        OneAnswer(torch.nn.Identity(), "last")  # type: ignore[arg-type]
