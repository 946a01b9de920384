"""Weights go in whole, or nothing goes in."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from networks.calibrated_classifier import CalibratedClassifier
from networks.errors import NetworkError
from pipelines.errors import InputError
from pipelines.training.weights import load_weights


def network(width: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width))


def test_every_tensor_is_loaded(tmp_path: Path) -> None:
    source, target = network(), network()
    source[1].running_mean.fill_(7)
    torch.save(source.state_dict(), tmp_path / "model.pt")
    assert load_weights(target, tmp_path / "model.pt") is target
    for name, value in source.state_dict().items():
        torch.testing.assert_close(target.state_dict()[name], value, rtol=0, atol=0)


def test_no_path_changes_nothing() -> None:
    target = network()
    before = target[0].weight.clone()
    assert load_weights(target, None) is target
    assert torch.equal(target[0].weight, before)


def test_weights_of_old_have_the_temperature_1(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "model.pt")
    target = CalibratedClassifier(network())
    target.temperature.fill_(2)
    load_weights(target, tmp_path / "model.pt")
    assert float(target.temperature) == 1
    assert torch.equal(target.network[0].weight, torch.load(tmp_path / "model.pt")["0.weight"])


def test_a_temperature_goes_with_the_weights_or_is_asked_after(tmp_path: Path) -> None:
    source = CalibratedClassifier(network())
    source.temperature.fill_(2)
    torch.save(source.state_dict(), tmp_path / "model.pt")
    target = CalibratedClassifier(network())
    load_weights(target, tmp_path / "model.pt")
    assert float(target.temperature) == 2
    with pytest.raises(InputError, match=r"holds a temperature, by which .* no place for it; use"):
        load_weights(network(), tmp_path / "model.pt")


class Unpickled:
    """An object that only a full unpickling, which runs code, could make."""


CONTENTS: dict[str, tuple[Any, str]] = {
    "wider": (network(4).state_dict(), "6 of 7 tensors are missing or of another shape, 0 are unk"),
    "fewer": (network()[:1].state_dict(), "5 of 7 tensors are missing"),
    "more": ({**network().state_dict(), "2.weight": torch.ones(1)}, "1 are unknown.*2.weight"),
    "empty": ({}, "7 of 7 tensors are missing"),
    "list": ([1, 2], "no plain state dict"),
    "tensor": (torch.ones(3), "no plain state dict"),
    "checkpoint": ({"network": network().state_dict(), "epoch": 3}, "no plain state dict"),
    "numbers as names": ({1: torch.ones(1), "a": torch.ones(1)}, "no plain state dict"),
    "network": (Unpickled(), "cannot be read as weights"),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_other_contents_are_refused_and_nothing_is_loaded(kind: str, tmp_path: Path) -> None:
    content, message = CONTENTS[kind]
    torch.save(content, tmp_path / "model.pt")
    refused(tmp_path / "model.pt", message)


def refused(path: Path, message: str) -> None:
    target = network()
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(InputError, match=message) as caught:
        load_weights(target, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(target.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(range(256)), b"PK\x03\x04 half a zip"])
def test_a_garbage_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(content)
    refused(tmp_path / "model.pt", "cannot be read as weights")


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(network().state_dict(), path)
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(content[: int(len(content) * share)])
        refused(path, "cannot be read as weights")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "gone.pt", "no weights at .*--weights")
    refused(tmp_path, "no weights at")


def test_weights_that_are_nan_are_refused(tmp_path: Path) -> None:
    state = network().state_dict()
    state["0.bias"][1] = float("nan")
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(NetworkError, match=r"model\.pt holds NaN .* 1 of 7 tensors"):
        load_weights(network(), tmp_path / "model.pt")
