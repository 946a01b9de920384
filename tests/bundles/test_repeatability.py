"""The same command twice, and ``med2d rerun``, come to equal weights and scores.

Those of the segmentations stand in the tests of their bundles.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from mlflow.tracking import MlflowClient

from pipelines.cli import main
from pipelines.training.history import History
from pipelines.training.run_comparison import compare_runs
from tests.bundles.made_bundle import BUNDLES, Bundle

FIRST = BUNDLES["breast_us_classification"]
SMALLEST = BUNDLES["bone_xray_classification"]
RESULTS = {"model.pt", "history.csv", "cases.csv", "scores.json"}
CLASSIFICATIONS = [
    pytest.param(bundle, id=bundle.name, marks=[] if bundle is SMALLEST else [pytest.mark.slow])
    for bundle in BUNDLES.values()
]


def rerun(work: Path, *words: object) -> Result:
    """Repeats a run in a working folder."""
    with contextlib.chdir(work):
        return CliRunner().invoke(main, ["rerun", *map(str, words)], prog_name="med2d")


def results(folder: Path) -> dict[str, Any]:
    """What a rerun came to, by the name of the file."""
    content = json.loads((folder / "rerun.json").read_text(encoding="utf-8"))
    return {each["name"]: each["equal"] for each in content["results"]}


@pytest.mark.parametrize("bundle", CLASSIFICATIONS)
def test_the_same_command_twice_gives_equal_weights_and_scores(
    bundle: Bundle, trained: Callable[[Bundle], Path], train: Callable[..., Path]
) -> None:
    found = compare_runs(trained(bundle), train(bundle, "again"))
    assert all(each.equal for each in found), found
    assert {each.name for each in found} >= RESULTS


@pytest.fixture(scope="module")
def repeated(trained: Callable[[Bundle], Path], work: Path) -> tuple[Path, Result]:
    """The folder of a rerun of the first bundle's run, and what the command said."""
    folder = trained(FIRST)
    return folder.with_name(f"{folder.name}-rerun"), rerun(work, folder)


def test_a_rerun_is_equal_and_is_tracked(
    repeated: tuple[Path, Result], trained: Callable[[Bundle], Path], work: Path
) -> None:
    folder, result = repeated
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "equal"
    assert all(results(folder).values())
    assert set(results(folder)) >= RESULTS
    before, after = (
        json.loads((path / "mlflow.json").read_text(encoding="utf-8"))["run_id"]
        for path in (trained(FIRST), folder)
    )
    tags = MlflowClient(f"sqlite:///{work}/mlflow.db").get_run(after).data.tags
    assert (tags["rerun_of"], tags["rerun_equal"]) == (before, "true")
    assert tags["code"] and tags["version.numpy"] and tags["threads"] == "1"


def test_the_configuration_of_a_rerun_is_the_run_s(
    repeated: tuple[Path, Result], trained: Callable[[Bundle], Path]
) -> None:
    before, after = (
        json.loads((path / "config.json").read_text(encoding="utf-8"))
        for path in (trained(FIRST), repeated[0])
    )
    changed = {key for key in {**before, **after} if before.get(key) != after.get(key)}
    assert changed == {"output_dir", "device"}
    inference = [
        (path / "configs" / "inference.json").read_bytes() for path in (trained(FIRST), repeated[0])
    ]
    assert inference[0] == inference[1]


def test_an_mlflow_run_is_checked_by_its_id(
    trained: Callable[[Bundle], Path], work: Path, tmp_path: Path
) -> None:
    record = json.loads((trained(FIRST) / "mlflow.json").read_text(encoding="utf-8"))
    result = rerun(work, record["run_id"], "--check")
    assert result.exit_code < 2, result.output
    lines = {line.split()[1]: line for line in result.stdout.splitlines()[1:]}
    assert lines.pop("code")  # someone may be editing it
    assert all(line.startswith("  equal ") for line in lines.values()), result.output
    assert "as recorded: 30 images" in lines["dataset_dir"]


@pytest.mark.slow
def test_an_mlflow_run_is_repeated(trained: Callable[[Bundle], Path], work: Path) -> None:
    record = json.loads((trained(FIRST) / "mlflow.json").read_text(encoding="utf-8"))
    result = rerun(work, record["run_id"])
    assert result.exit_code == 0, result.output
    assert all(results(work / "runs" / f"{record['run_id'][:8]}-rerun").values())


@pytest.mark.slow
def test_a_stopped_rerun_goes_on(
    trained: Callable[[Bundle], Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, write = work / "stopped", History._on_epoch

    def stop(self: History, engine: Any) -> None:
        if engine.state.epoch == 2:
            raise KeyboardInterrupt
        write(self, engine)

    monkeypatch.setattr(History, "_on_epoch", stop)
    assert rerun(work, trained(FIRST), "-o", folder).exit_code == 130
    monkeypatch.undo()
    assert not (folder / "scores.json").exists()
    assert "is not empty; go on" in rerun(work, trained(FIRST), "-o", folder).stderr
    result = rerun(work, trained(FIRST), "-o", folder, "--resume")
    assert result.exit_code == 0, result.output
    assert all(results(folder).values())
    assert pd.read_csv(folder / "history.csv")["epoch"].tolist() == [1, 2]


@pytest.mark.slow
def test_a_recipe_without_epochs_is_repeated(train: Callable[..., Path], work: Path) -> None:
    folder = train(FIRST, "svm", "variants/embeddings_svm", small=False)
    result = rerun(work, folder)
    assert result.exit_code == 0, result.output
    found = results(folder.with_name(f"{folder.name}-rerun"))
    assert all(found.values())
    assert {*RESULTS, "candidates.csv"} - {"history.csv"} <= set(found)
