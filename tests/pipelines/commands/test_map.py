from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.deployment.map import context as map_context
from tests.pipelines.deployment.app.made_package import made_package


def test_the_command_that_builds_is_printed_with_and_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = made_package("breast_us_classification", tmp_path / "benign")
    out = tmp_path / "map"
    monkeypatch.setattr(map_context, "engine_problem", lambda: "docker is not installed")
    result = CliRunner().invoke(main, ["map", str(package), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert result.output == (
        f"written: {out}\ndocker is not installed, so nothing is built here. Where one is: "
        f"docker build -t benign-map:0.1.0 {out}\n"
    )
    monkeypatch.setattr(map_context, "engine_problem", lambda: None)
    result = CliRunner().invoke(main, ["map", str(package), "-o", str(out), "--overwrite"])
    assert result.output.endswith(f"build it by: docker build -t benign-map:0.1.0 {out}\n")


def test_what_is_no_package_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["map", str(tmp_path), "-o", str(tmp_path / "map")])
    assert result.exit_code == 2
    assert result.output.startswith("Error: ") and result.output.count("\n") == 1
