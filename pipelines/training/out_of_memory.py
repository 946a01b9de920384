"""Tell an allocation that failed from every other error."""

from __future__ import annotations

import torch

_WORDS = (
    "can't allocate memory",  # PyTorch's allocator on Linux and macOS
    "not enough memory",  # the same on Windows
    "out of memory",  # CUDA's runtime
    "alloc_failed",  # cuBLAS and cuDNN
    "could not create a memory",  # oneDNN
)
_ONEDNN = "could not create a primitive"
"""oneDNN's whole message where a kernel finds no room; a longer one has another reason."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).strip().lower()
    said = text == _ONEDNN or any(word in text for word in _WORDS)
    return isinstance(error, RuntimeError) and said


def is_lasting(error: BaseException) -> bool:
    """Whether the process computes no more, however much memory it gives back.

    oneDNN, having found no room for a kernel's code, makes no other kernel any more.
    """
    return str(error).strip().lower() == _ONEDNN
