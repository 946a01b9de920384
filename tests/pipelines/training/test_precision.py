"""Autocast changes the products' format, never the answer's type or the weights'."""

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training import precision
from pipelines.training.precision import AutocastInferer, fastest


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Conv2d(1, 4, 3)


def test_float32_is_the_plain_network(network: torch.nn.Module) -> None:
    images = torch.rand(2, 1, 16, 16)
    assert torch.equal(AutocastInferer("cpu", "float32")(images, network), network(images))


def test_bfloat16_is_coarser_and_gives_float32(network: torch.nn.Module) -> None:
    images = torch.rand(2, 1, 16, 16)
    answer = AutocastInferer("cpu", "bfloat16")(images, network)
    assert answer.dtype == torch.float32
    assert not torch.equal(answer, network(images))
    torch.testing.assert_close(answer, network(images), atol=0.02, rtol=0.02)
    answer.sum().backward()
    assert network.weight.grad is not None
    assert network.weight.grad.dtype == torch.float32


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match="float16"):
        AutocastInferer("cpu", "float16")


@pytest.mark.parametrize(
    ("found", "expected"),
    [({"avx512_bf16": True}, "bfloat16"), ({"avx512_bf16": False}, "float32"), ({}, "float32")],
)
def test_a_processor_is_asked_for_its_own_instructions(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, bool], expected: str
) -> None:
    monkeypatch.setattr(precision.torch.cpu, "get_capabilities", lambda: found)
    assert fastest("cpu") == expected
    assert fastest("mps") == "float32"
