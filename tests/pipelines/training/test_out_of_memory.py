"""What says that memory ran out, and what does not."""

import pytest
import torch

from pipelines.training.out_of_memory import is_lasting, is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("could not create a primitive"),
        RuntimeError("could not create a memory object"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
    ],
)
def test_a_failed_allocation_is_one(error: Exception) -> None:
    assert is_out_of_memory(error)


def test_pytorchs_own_error_is_one() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes differ"),
        ValueError("out of memory"),
        RuntimeError("could not create a primitive descriptor for a convolution"),
    ],
)
def test_another_error_is_none(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_one_without_room_for_kernels_lasts() -> None:
    assert is_lasting(RuntimeError("could not create a primitive"))
    assert not is_lasting(torch.OutOfMemoryError("CUDA out of memory."))
