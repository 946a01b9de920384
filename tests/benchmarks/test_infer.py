"""The benchmark of prediction answers pictures of what a run's own bundle sees."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError


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
    run = run_of(tmp_path / "run", "breast_us_classification")
    with pytest.raises(InputError, match="is of the bundle breast_us_classification; expected"):
        infer._recipe(options(infer, monkeypatch, "--run", run), tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--run", "a", "--weights", "b"), "not allowed with"),
        (("--run", "a", "--variant", "joint"), "leave --variant out"),
        (("--rounds", "0"), "expected at least 1"),
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
