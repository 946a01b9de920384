from __future__ import annotations

import pytest
import torch

from pipelines.deployment.app.device import usable_device
from pipelines.errors import InputError


def test_a_device_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert [usable_device(name) for name in (None, "cpu", "cuda:0")] == ["cuda", "cpu", "cuda:0"]
    with pytest.raises(InputError, match="has 1 of them"):
        usable_device("cuda:1")


@pytest.mark.parametrize(
    ("name", "words"),
    [("banana", "'banana' is no device"), ("meta", "is no device"), ("cuda", "has none")],
)
def test_one_that_cannot_be_used_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert usable_device(None) == "cpu"
    with pytest.raises(InputError, match=words):
        usable_device(name)
