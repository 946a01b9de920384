"""The benchmark of prediction answers pictures of what a run's own bundle sees."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.errors import InputError
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def infer() -> Any:
    """The program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("infer")


def run_of(folder: Path, bundle: str) -> Path:
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "inference.json").write_text("{}")
    (folder / "config.json").write_text(json.dumps({"scorer": {"bundle": bundle}}))
    return folder


def options(infer: Any, patch: pytest.MonkeyPatch, *words: object) -> Any:
    patch.setattr("sys.argv", ["infer.py", *map(str, words)])
    return infer._options()


def test_a_run_of_tissue_gets_pictures_of_tissue(
    infer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tmp_path / "run", "tissue_segmentation")
    given = options(infer, monkeypatch, "--run", run, "--width", 64, "--height", 48)
    config, arguments = infer._recipe(given, tmp_path)
    assert config == run / "configs" / "inference.json"
    assert arguments == {}
    assert infer._picture(0, given).shape[:2] == (48, 64)
    assert infer._picture(0, given).ndim == 3  # in colour


def test_a_run_of_another_kind_is_named(
    infer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tmp_path / "run", "my_own")
    with pytest.raises(InputError, match="is of the bundle my_own; expected"):
        infer._recipe(options(infer, monkeypatch, "--run", run), tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--run", "a", "--weights", "b"), "not allowed with"),
        (("--run", "a", "--variant", "joint"), "leave --variant out"),
        (("--rounds", "0"), "expected at least 1"),
        (("--batches", "1,0"), "invalid _batches value"),
    ],
)
def test_what_contradicts_itself_is_refused(
    infer: Any,
    words: tuple[str, ...],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        options(infer, monkeypatch, *words)
    assert expected in capsys.readouterr().err


def test_the_network_is_compared_with_other_programs(
    infer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dataset = made_run.made_dataset(tmp_path / "data", "segmentation")
    run = made_answering_run.segmentation(tmp_path / "run", dataset)
    config, given = infer._recipe(options(infer, monkeypatch, "--run", run), tmp_path)
    networks, image = infer._networks(config, given, tmp_path)
    assert list(networks) == ["PyTorch", "TorchScript", "ONNX Runtime"]
    assert image.shape == (1, 1, 32, 32)
    with torch.no_grad():
        answers = [network(image) for network in networks.values()]
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], atol=1e-5, rtol=0)
    taken = infer._seconds(networks, image, 3, 2)
    assert {name: len(values) for name, values in taken.items()} == dict.fromkeys(networks, 2)
    infer._print_ratios({"PyTorch": [0.2, 0.2], "ONNX Runtime": [0.1, 0.1]}, 4)
    assert "ONNX Runtime         40.0  images/s, 2.00 times PyTorch" in capsys.readouterr().out
