"""What can be packaged, and what of it is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.deployment.packaging.packaged_run import packaged_run
from pipelines.errors import InputError
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged")
    dataset = made_run.made_dataset(folder / "data", "classification")
    return made_answering_run.classification(folder / "run", dataset)


def test_a_run_is_read_with_its_licences(run: Path) -> None:
    found = packaged_run(run)
    assert found.bundle == "breast_us_classification" and found.runs == (run,)
    assert found.inference["labels"] == list(made_run.LABELS)
    assert set(found.licences) == {"LICENSE", "docs/data_license.txt"}


def test_a_licence_in_the_runs_own_folder_goes_first(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "LICENSE").write_text("mine")
    assert packaged_run(copy).licences["LICENSE"] == copy / "LICENSE"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("config.json", "holds no run"),
        ("cases.csv", "its training has not ended"),
        ("model.pt", "has no model.pt, so nothing can answer"),
        ("configs/inference.json", "has no configs/inference.json"),
    ],
)
def test_what_is_missing_is_named(run: Path, tmp_path: Path, name: str, message: str) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / name).unlink()
    with pytest.raises(InputError, match=message):
        packaged_run(copy)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        packaged_run(tmp_path / "nowhere")


def test_the_ensemble_of_a_cross_validation_is_meant(tmp_path: Path) -> None:
    dataset = made_run.made_dataset(tmp_path / "data", "classification")
    folder = made_run.crossval(tmp_path / "crossval", dataset)
    with pytest.raises(InputError, match=r"ensemble has no model\.pt.*package one of its runs"):
        packaged_run(folder)
    first = next(path for path in sorted(folder.iterdir()) if (path / "cases.csv").is_file())
    made_answering_run.classification(tmp_path / "one", dataset)
    together = shutil.copytree(tmp_path / "one" / "configs", folder / "ensemble" / "configs")
    shutil.copy(tmp_path / "one" / "model.pt", folder / "ensemble" / "model.pt")
    path = together / "metadata.json"
    metadata = json.loads(path.read_text())
    path.write_text(json.dumps({**metadata, "ensemble": [{"run": first.name}]}))
    assert packaged_run(folder).runs == (folder / first.name,)
    path.write_text(json.dumps({**metadata, "ensemble": [{"run": "gone"}]}))
    with pytest.raises(InputError, match="names runs that are not in"):
        packaged_run(folder)
