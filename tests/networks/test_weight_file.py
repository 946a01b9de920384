"""What is no file of weights, and weights that are no numbers, are told before they are used."""

from pathlib import Path

import pytest
import torch

from networks.errors import NetworkError
from networks.weight_file import check_finite, check_kind


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "it is a web page"),
        (b"<HTML></HTML>", "it is a web page"),
    ],
)
def test_a_failed_download_is_told(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match=f"w.pth cannot be read as weights: {expected}"):
        check_kind(path)


def test_what_may_be_weights_passes(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "w.pth")
    check_kind(tmp_path / "w.pth")
    check_kind(tmp_path / "absent.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_counted(value: float) -> None:
    state = {"a": torch.ones(2), "b": torch.tensor([1.0, value]), "steps": torch.tensor(3)}
    with pytest.raises(NetworkError, match=r"w\.pth holds NaN .* 1 of 3 tensors \(first: b\)"):
        check_finite(state, "w.pth")
    check_finite({**state, "b": torch.ones(1)}, "w.pth")
