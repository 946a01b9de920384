"""A network in other formats answers any number of images, and brings its texts."""

from __future__ import annotations

import errno
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from pipelines.deployment.packaging import exported_formats
from pipelines.deployment.packaging.exported_formats import FORMATS, check_installed, write_format
from pipelines.errors import InputError

TEXTS = {"metadata.json": '{"version": "0.1.0"}', "inference.json": "{}"}


class Choosy(nn.Module):
    """What no exporter can know: its path depends on the values, outside of torch."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Doubles bright images."""
        return images * (2 if float(images.sum().item()) in {1.0, 2.0} else 1)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


@pytest.mark.parametrize("key", FORMATS)
def test_every_format_answers_one_image_and_several(
    key: str, network: nn.Module, tmp_path: Path
) -> None:
    kind = FORMATS[key]
    how = write_format(kind, network, torch.rand(2, 1, 8, 8), tmp_path, TEXTS)
    answer = kind.load(tmp_path / kind.file)
    with torch.no_grad():
        for count in (1, 2, 5):
            images = torch.rand(count, 1, 8, 8)
            torch.testing.assert_close(answer(images), network(images), atol=1e-6, rtol=0)
    assert how.startswith("scripted" if key == "ts" else "any number of images")


def test_the_texts_are_inside(network: nn.Module, tmp_path: Path) -> None:
    from monai.data import load_net_with_metadata

    example = torch.rand(2, 1, 8, 8)
    for key in ("ts", "onnx"):
        write_format(FORMATS[key], network, example, tmp_path, TEXTS)
    _, metadata, more = load_net_with_metadata(
        str(tmp_path / "model.ts"), more_extra_files=("inference.json",)
    )
    assert metadata == {"version": "0.1.0"} and bytes(more["inference.json"]) == b"{}"
    model = onnx.load(tmp_path / "model.onnx")
    assert {each.key: each.value for each in model.metadata_props}.items() >= TEXTS.items()
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_what_cannot_be_scripted_is_traced(tmp_path: Path) -> None:
    class Untyped(nn.Module):
        def forward(self, images, scale=None):  # type: ignore[no-untyped-def]
            return images * {"a": 2, 1: 3}["a"]

    how = write_format(FORMATS["ts"], Untyped(), torch.rand(2, 1, 4, 4), tmp_path, {})
    assert how.startswith("traced, as scripting failed: ")
    assert float(FORMATS["ts"].load(tmp_path / "model.ts")(torch.ones(3, 1, 4, 4)).max()) == 2


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written as torch\.export \(.*--formats"):
        write_format(FORMATS["pt2"], Choosy(), torch.rand(2, 1, 4, 4), tmp_path, {})


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported_formats, "find_spec", lambda name: None)
    check_installed(FORMATS["ts"])
    with pytest.raises(InputError, match=r"ONNX needs onnx, onnxscript.*pip install"):
        check_installed(FORMATS["onnx"])


@pytest.mark.parametrize("key", ["ts", "pt2"])
def test_a_full_disk_is_no_fault_of_the_network(
    key: str, network: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_format(FORMATS[key], network, torch.rand(2, 1, 8, 8), tmp_path, TEXTS)
    assert caught.value.errno == errno.ENOSPC
