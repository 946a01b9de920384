"""Whether an error says that another process of the training is gone, and no more than that."""

from __future__ import annotations

import re

import torch

MESSAGE = (
    "another process of this training has ended or cannot be reached; what was wrong stands in its "
    "own message, here or on its machine. A training goes on with --resume true"
)

_NCCL = re.compile(
    r"aborted|remote process exited|Connection (?:closed|reset|refused)|Broken pipe|[Tt]imed? ?out"
)
_GLOO = re.compile(
    r"gloo/.*(?:Connection (?:closed|reset)|Broken pipe|Timed out)|gloo.*remote worker"
)


def is_lost(error: BaseException) -> bool:
    """Whether an exchange with the other processes broke off: gloo and NCCL have their own words.

    Args:
        error: what was raised in a process that trains with others.
    """
    if isinstance(error, torch.distributed.DistBackendError):  # may be this process's own fault
        return _NCCL.search(str(error)) is not None
    if isinstance(error, torch.distributed.DistError):
        return True
    return isinstance(error, RuntimeError) and _GLOO.search(str(error)) is not None
