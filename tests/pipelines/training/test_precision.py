"""Autocast changes the products' format, never the answer's type or the weights'."""

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training import precision
from pipelines.training.precision import (
    AutocastInferer,
    candidates,
    fastest,
    float32_products,
    precision_name,
)


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
    with pytest.raises(InputError, match="precision is 'float8'; expected one of float32, tf32"):
        AutocastInferer("cpu", "float8")


@pytest.mark.parametrize("precision", ["tf32", "float16", "fp16"])
def test_what_only_cuda_has_is_refused_elsewhere(precision: str) -> None:
    with pytest.raises(InputError, match="needs --device cuda; the device is cpu: give float32"):
        AutocastInferer("cpu", precision)
    assert precision_name(precision, "cuda") in ("tf32", "float16")


def test_short_names_are_understood() -> None:
    assert [precision_name(name, "cpu") for name in ("fp32", "bf16")] == ["float32", "bfloat16"]
    assert AutocastInferer("cpu", "bf16").dtype is torch.bfloat16


@pytest.mark.parametrize(("native", "expected"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_tries_the_half_precision_that_it_has(
    monkeypatch: pytest.MonkeyPatch, native: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    assert candidates("cuda") == ["float32", "tf32", expected]


def test_a_processor_tries_what_it_has_instructions_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"amx_bf16": True}
    monkeypatch.setattr(precision.torch.cpu, "get_capabilities", lambda: found)
    assert candidates("cpu") == ["float32", "bfloat16"]
    found.clear()
    assert candidates("cpu") == ["float32"]


@pytest.mark.parametrize(("name", "rounded"), [("tf32", True), ("float32", False)])
def test_float32_products_are_rounded_on_demand_alone(name: str, rounded: bool) -> None:
    backends = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [backend.allow_tf32 for backend in backends]
    with float32_products(name):
        assert [backend.allow_tf32 for backend in backends] == [rounded, rounded]
    assert [backend.allow_tf32 for backend in backends] == before


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
