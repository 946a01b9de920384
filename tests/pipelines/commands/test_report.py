from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.commands.command_line import run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def lesion_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    dataset = made_run.made_dataset(folder / "data", "segmentation")
    return made_run.lesion_run(folder / "my run", dataset)


def refused(*words: object) -> str:
    result = run("report", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_a_report_is_written_and_told(lesion_run: Path, tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    result = run("report", lesion_run, "-o", place, "--intended-use", "Tests of ours.")
    assert result.exit_code == 0 and result.stderr == "", result.output
    assert "Honest split, with one reservation" in result.stdout and "Dice 0." in result.stdout
    assert f"written: {place} (open it in a browser)" in result.stdout
    assert "Tests of ours." in place.read_text(encoding="utf-8")
    assert "exists; replace it by --overwrite" in refused(lesion_run, "-o", place)


def test_the_content_can_be_printed(lesion_run: Path, tmp_path: Path) -> None:
    words = ("-o", tmp_path / "r.html", "--json", "--by", "fold", "--title", "Mine")
    result = run("report", lesion_run, *words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert json.loads(result.stdout)["title"] == "Mine"


def test_what_is_no_run_is_refused(lesion_run: Path, tmp_path: Path) -> None:
    place = ("-o", tmp_path / "report.html")
    assert "nowhere is no folder" in refused("nowhere", *place)
    assert "holds no run" in refused(tmp_path, *place)
    assert "holds an empty name" in refused(lesion_run, *place, "--by", "a,,b")
    assert "is not of a leaky split" in refused(lesion_run, *place, "--leaky", lesion_run)
    assert list(tmp_path.iterdir()) == []


def test_an_mlflow_id_is_looked_up_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{empty_store}")
    assert f"MLflow run {'0' * 32} cannot be read" in refused("0" * 32, "-o", tmp_path / "r.html")


def test_an_mlflow_run_is_fetched(
    lesion_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.training import tracked_run

    monkeypatch.setattr(tracked_run, "fetch_run", lambda run_id, uri, folder: lesion_run)
    result = run("report", "0" * 32, "-o", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
