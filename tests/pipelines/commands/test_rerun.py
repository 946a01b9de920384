"""What ``med2d rerun`` refuses and tells; whole ones run in tests/bundles/test_repeatability.py."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.commands.rerun import rerun
from pipelines.training import rerun as training
from pipelines.training.run_record import read_record
from tests.pipelines.commands.command_line import run
from tests.pipelines.training.made_record import edit_record, give_results, recorded_run


@pytest.fixture
def made(busi_dataset: Path, tmp_path: Path) -> Path:
    """The folder of a run that read a copy of the dataset and has ended."""
    dataset = tmp_path / "dataset"
    shutil.copytree(busi_dataset, dataset)
    return give_results(recorded_run(tmp_path / "run", dataset))


def refused(*words: object) -> str:
    result = run("rerun", *words)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def change_image(dataset: Path) -> str:
    name = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["training"][3][
        "image"
    ]
    path = dataset / name
    path.write_bytes(path.read_bytes() + b"\0")
    return name


@pytest.fixture
def trains(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets a training give results at once."""

    def with_weight(weight: float) -> None:
        def train(**options: str) -> None:
            Path(options["output_dir"]).mkdir()
            give_results(Path(options["output_dir"]), weight)

        monkeypatch.setattr(training, "run", train)

    return with_weight


def test_a_check_trains_nothing(made: Path) -> None:
    result = run("rerun", made, "--check")
    assert result.exit_code == 0 and result.stderr == "", result.output
    lines = [line.split()[:2] for line in result.stdout.splitlines()[1:]]
    names = ["dataset_dir", "code", "bundle", "libraries", "machine"]
    assert lines == [["equal", name] for name in names]
    assert not made.with_name("run-rerun").exists()


def test_an_equal_rerun(made: Path, trains: Callable[[float], None]) -> None:
    trains(1.0)
    result = run("rerun", made)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "equal"
    content = json.loads((made.with_name("run-rerun") / "rerun.json").read_text(encoding="utf-8"))
    assert content["equal"] and content["of"] == str(made)


def test_a_rerun_that_differs_says_where_and_why(
    made: Path, tmp_path: Path, trains: Callable[[float], None]
) -> None:
    trains(2.0)
    code = read_record(made)["code"]
    edit_record(made, code={**code, "files": {**code["files"], "networks/head.py": "0"}})
    result = run("rerun", made, "-o", tmp_path / "again")
    assert result.exit_code == 1 and result.stderr == "", result.output
    assert re.search(
        r"DIFFERS +code +1 file differs: networks/head\.py; the run is of med2d", result.stdout
    )
    assert re.search(r"DIFFERS +history\.csv .*first at epoch 1: train_loss", result.stdout)
    assert "not equal; equal results are promised for the same data" in result.stdout


def test_a_changed_image_is_refused_by_name(
    made: Path, tmp_path: Path, trains: Callable[[float], None]
) -> None:
    trains(1.0)
    name = change_image(tmp_path / "dataset")
    line = refused(made)
    assert f"{name} has changed since the dataset was made: a rerun would train another" in line
    assert "by --dataset_dir, or go on by --allow-differences" in line
    assert run("rerun", made, "--check").exit_code == 2
    assert not made.with_name("run-rerun").exists()
    result = run("rerun", made, "--allow-differences")
    assert result.exit_code == 0, result.output
    assert "other data or weights were allowed: this is no repetition" in result.stdout
    content = json.loads((made.with_name("run-rerun") / "rerun.json").read_text(encoding="utf-8"))
    assert content["with_differences"]


def test_a_dataset_that_has_moved_is_asked_for(made: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset").rename(tmp_path / "moved")
    line = refused(made, "--check")
    assert f"{tmp_path / 'dataset'}, the dataset_dir of the run, does not exist; say where" in line
    assert run("rerun", made, "--check", "--dataset_dir", tmp_path / "moved").exit_code == 0


def test_what_cannot_be_repeated_is_one_line(made: Path, tmp_path: Path) -> None:
    assert "is no run's folder and no MLflow run id" in refused(tmp_path / "gone")
    assert "is no run's folder and no MLflow run id" in refused("g" * 32)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.json").write_text("{}")
    assert "has no record.json: it was started by an older med2d" in refused(tmp_path / "old")
    assert "holds no run (config.json is missing)" in refused(tmp_path / "dataset")
    (tmp_path / "cv").mkdir()
    (tmp_path / "cv" / "crossval.json").write_text("{}")
    assert "is the folder of a cross-validation; name one of its runs" in refused(tmp_path / "cv")
    assert "is the run itself" in refused(made, "-o", made)
    (made / "scores.json").unlink()
    assert "it did not end" in refused(made)


def test_the_page_names_every_option() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "rerun.md"
    named = set(re.findall(r"^\| `(-[^`]*)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    flags = {max(each.opts, key=len) for each in rerun.params if each.opts[0][0] == "-"}
    assert named == flags
