"""What computes a run: the libraries by version, and the machine with its threads."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_info, threadpool_limits

LIBRARIES = (
    *("torch", "torchvision", "monai", "pytorch-ignite", "timm", "safetensors"),
    *("numpy", "scipy", "scikit-learn", "scikit-image", "pandas"),
    *("pillow", "nibabel", "pydicom"),
)
"""Those whose other version may give other weights or scores."""


def library_versions() -> dict[str, str]:
    """The version of Python and of each library by name; those that are not installed lack."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine_record(device: str | torch.device = "cpu") -> dict[str, Any]:
    """What the machine computes with.

    Args:
        device: where the run computes.

    Returns:
        ``system``, ``cpu`` (its model), ``instructions`` (the widest that PyTorch uses),
        ``threads`` (of PyTorch), ``blas_threads`` (of NumPy and SciPy), ``device`` and, of a GPU,
        ``gpu`` and ``cuda``.
    """
    record = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "blas_threads": _blas_threads(),
        "device": str(device),
    }
    if torch.device(device).type == "cuda" and torch.cuda.is_available():
        record |= {"gpu": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    return record


def usable_device(device: str) -> str:
    """A run's device where this machine has it, else the CPU.

    Args:
        device: such as ``cuda:0``.
    """
    try:
        torch.zeros(1, device=device)
    except (AssertionError, ImportError, RuntimeError):
        return "cpu"
    return device


@contextmanager
def recorded_threads(record: Mapping[str, Any]) -> Iterator[None]:
    """Computes with as many threads as a machine's record says: sums round alike then.

    Args:
        record: what ``machine_record`` gave.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(record["threads"])
    try:
        with threadpool_limits(record["blas_threads"], user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def _blas_threads() -> int | None:
    """The threads of the libraries for linear algebra; None where none is loaded."""
    return max(
        (each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"),
        default=None,
    )


def _cpu_model() -> str:
    """The processor's model, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
