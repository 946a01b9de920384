"""Train in the number format that the machine is fast in; weights and scores stay float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from monai.inferers import SimpleInferer

from pipelines.errors import InputError

PRECISIONS = {
    "float32": torch.float32,
    "tf32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
"""Formats of the products. ``tf32`` is float32 whose products a GPU rounds to 10 bits."""

_SHORT = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
_CUDA_ONLY = ("tf32", "float16")
_NATIVE = ("avx512_bf16", "amx_bf16")


def fastest(device: str | torch.device) -> str:
    """``bfloat16`` where the device computes in it natively, else ``float32``.

    A processor without its own instructions for bfloat16 emulates it, slower than float32.

    Args:
        device: where the training runs.
    """
    return "bfloat16" if _computes_bfloat16(device) else "float32"


def candidates(device: str | torch.device) -> list[str]:
    """Gives the precisions that are worth a trial on a device, float32 first.

    float16 needs its loss scaled, so that bfloat16 goes before it where the device has both.

    Args:
        device: where the training runs.
    """
    is_cuda = torch.device(device).type == "cuda"
    native = _computes_bfloat16(device)
    return [
        "float32",
        *(["tf32"] if is_cuda else []),
        *(["bfloat16"] if native else ["float16"] if is_cuda else []),
    ]


def precision_name(precision: Any, device: str | torch.device) -> str:
    """Gives the full name of a precision, of which the short one (``bf16``) is understood.

    Args:
        precision: a key of ``PRECISIONS``, or short for one.
        device: where the training runs.

    Raises:
        InputError: another precision, or one that only CUDA has.
    """
    name = _SHORT.get(precision, precision) if isinstance(precision, str) else precision
    if name not in PRECISIONS:
        raise InputError(f"precision is {precision!r}; expected one of {', '.join(PRECISIONS)}")
    if name in _CUDA_ONLY and torch.device(device).type != "cuda":
        raise InputError(
            f"precision is {precision!r}, which needs --device cuda; the device is {device}: give "
            "float32 or bfloat16"
        )
    return str(name)


def _computes_bfloat16(device: str | torch.device) -> bool:
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if torch.device(device).type == "cpu":
        found = torch.cpu.get_capabilities()
        return any(found.get(name) for name in _NATIVE)
    return False


@contextmanager
def float32_products(precision: str) -> Iterator[None]:
    """Makes a GPU round float32 products where ``tf32`` is asked for, and only there.

    Args:
        precision: a key of ``PRECISIONS``.
    """
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [backend.allow_tf32 for backend in backends]
    try:
        for backend in backends:
            backend.allow_tf32 = precision == "tf32"
        yield
    finally:
        for backend, allowed in zip(backends, before, strict=True):
            backend.allow_tf32 = allowed


class AutocastInferer(SimpleInferer):
    """Runs the network under ``torch.autocast``: weights stay float32, products are made faster.

    MONAI's engines know autocast on CUDA alone. bfloat16 has the range of float32, so that no loss
    has to be scaled (Kalamkar et al. 2019, arXiv:1905.12322).

    Args:
        device: where the training runs.
        precision: a key of ``PRECISIONS``; of the float32 ones autocast is off.

    Raises:
        InputError: another precision, or one that the device has not.
    """

    def __init__(self, device: str | torch.device, precision: str) -> None:
        super().__init__()
        self.device_type = torch.device(device).type
        self.dtype = PRECISIONS[precision_name(precision, device)]

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        """The network's answer to ``inputs``, as float32.

        Args:
            inputs: float32 images of (batch, channel, height, width).
            network: the network.
            *args: further arguments of the network.
            **kwargs: further arguments of the network.
        """
        enabled = self.dtype is not torch.float32
        with torch.autocast(self.device_type, dtype=self.dtype, enabled=enabled):
            answer = super().__call__(inputs, network, *args, **kwargs)
        return answer.float()
