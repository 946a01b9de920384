from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest


def test_a_request_stays_as_it_is(dataset_of: Callable, request_of: Callable) -> None:
    request = request_of(dataset_of(), size=64)
    assert request.size == 64 and request.folder.is_dir()
    with pytest.raises(FrozenInstanceError):
        request.size = 3
