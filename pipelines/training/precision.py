"""Train in the number format that the machine is fast in; weights and scores stay float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import SimpleInferer

from pipelines.errors import InputError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_NATIVE = ("avx512_bf16", "amx_bf16")


def fastest(device: str | torch.device) -> str:
    """``bfloat16`` where the device computes in it natively, else ``float32``.

    A processor without its own instructions for bfloat16 emulates it, slower than float32.

    Args:
        device: where the training runs.
    """
    if torch.device(device).type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if torch.device(device).type == "cpu":
        found = torch.cpu.get_capabilities()
        return "bfloat16" if any(found.get(name) for name in _NATIVE) else "float32"
    return "float32"


class AutocastInferer(SimpleInferer):
    """Runs the network under ``torch.autocast``: weights stay float32, products are made faster.

    MONAI's engines know autocast on CUDA alone. bfloat16 has the range of float32, so that no loss
    has to be scaled (Kalamkar et al. 2019, arXiv:1905.12322).

    Args:
        device: where the training runs.
        precision: ``float32`` (autocast is off) or ``bfloat16``.

    Raises:
        InputError: another precision.
    """

    def __init__(self, device: str | torch.device, precision: str) -> None:
        super().__init__()
        if precision not in PRECISIONS:
            raise InputError(f"precision is {precision!r}; expected one of {', '.join(PRECISIONS)}")
        self.device_type = torch.device(device).type
        self.dtype = PRECISIONS[precision]

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
