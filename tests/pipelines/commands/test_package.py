from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.deployment.packaging import package
from tests.pipelines.commands.command_line import run
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def mask_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    dataset = made_run.made_dataset(folder / "data", "segmentation")
    return made_answering_run.segmentation(folder / "run", dataset)


def refused(*words: object) -> str:
    result = run("package", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    return result.stderr.splitlines()[-1]


def test_a_package_is_written_and_told(
    mask_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "LEAST", 3)
    words = (mask_run, "-o", tmp_path / "p", "--formats", "ts", "--best-dice")
    result = run("package", *words, "--intended-use", "Tests of ours.")
    assert result.exit_code == 0, result.output
    assert "TorchScript: scripted; largest difference" in result.stdout
    assert f"written: {tmp_path / 'p'} (its card is docs/README.md)" in result.stdout
    assert "comparing TorchScript with the network on 3 images of the dataset" in result.stderr
    assert "Tests of ours." in (tmp_path / "p" / "docs" / "README.md").read_text()
    again = run("package", *words, "--overwrite", "--json")
    record = json.loads(again.stdout)
    assert record["operating_point"]["kind"] == "pixel threshold"


def test_mistakes_are_one_line(mask_run: Path, tmp_path: Path) -> None:
    place = ("-o", tmp_path / "p")
    assert "nowhere is no folder" in refused("nowhere", *place)
    assert "--formats ts,x: expected some of ts, pt2, onnx" in refused(
        mask_run, *place, "--formats", "ts,x"
    )
    assert "has no operating point: choose one by --best-dice" in refused(mask_run, *place)
    assert "No such option" in refused(mask_run, *place, "--operating-point", "point.json")
    assert list(tmp_path.iterdir()) == []
