"""The CUDA runtime's library, which Holoscan loads also where there is no GPU."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

LIBRARY = "libcudart.so.13"

_WHEEL = Path("nvidia") / "cu13" / "lib" / LIBRARY


def load_cuda_runtime(places: list[str] | None = None) -> Path | None:
    """Loads the library of the package nvidia-cuda-runtime, so that others find it.

    Args:
        places: folders in which packages are; by default those of ``sys.path``.

    Returns:
        The file; None where the package is not installed: then the system's is taken.
    """
    for place in sys.path if places is None else places:
        file = Path(place) / _WHEEL
        if file.is_file():
            ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)
            return file
    return None
