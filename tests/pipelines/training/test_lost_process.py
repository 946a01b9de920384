"""A process whose partner is gone says so, and a bug stays a bug."""

import pytest
import torch

from pipelines.training.lost_process import MESSAGE, is_lost
from pipelines.training.workflow import readable_cause

CLOSED = (
    "[/__w/pytorch/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by "
    "peer [127.0.0.1]:28576. This is typically caused by a remote worker crashing."
)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CLOSED),
        torch.distributed.DistBackendError("NCCL communicator was aborted on rank 0"),
        torch.distributed.DistNetworkError("Failed to recv, got 0 bytes"),
    ],
    ids=["gloo", "NCCL", "store"],
)
def test_a_lost_partner_is_one_line(error: RuntimeError) -> None:
    assert is_lost(error)
    assert str(readable_cause(error)) == MESSAGE


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes differ"),
        ConnectionResetError("Connection reset by peer"),
        torch.distributed.DistBackendError(
            "ncclSystemError: Error while creating shared memory segment: No space left on device"
        ),
        torch.distributed.DistBackendError("ncclInvalidUsage: Duplicate GPU detected"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_lost(error)
    assert readable_cause(error) is None
