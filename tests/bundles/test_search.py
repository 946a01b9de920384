"""A search that trains: its trials leave the held-out fold alone, and the best one comes again."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fire.parser import DefaultParseValue
from monai.bundle import run as run_bundle

from pipelines.search import trial_run
from pipelines.search.plan import Plan, Pruning, make_plan
from pipelines.search.results import train_command
from pipelines.search.run import Result, search
from pipelines.series.trainings import Ended, Training
from tests.bundles.conftest import med2d
from tests.bundles.made_bundle import BUNDLES, SMALL

BUNDLE = BUNDLES["breast_us_classification"]
METRIC = "val_balanced_accuracy"
pytestmark = pytest.mark.slow  # it trains four times and more; .ci/run runs it


def in_this_process(
    trainings: Sequence[Training],
    at_once: int,
    watch: Any,
    variables: Mapping[str, str],
    kept_open: Sequence[int],
) -> list[Ended]:
    """Trains as the process would, without the seconds in which it imports."""
    (training,) = trainings
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.01):
            watch.channel.serve()

    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setenv(trial_run.CHANNEL, str(os.dup(kept_open[1])))
        watch.started(training)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            run_words(training.command[training.command.index("run") + 1 :])
        finally:
            ended.set()
            thread.join()
    return [Ended(training, 0, 1.0, "")]


def run_words(command: Sequence[str]) -> None:
    names = [word.removeprefix("--") for word in command[::2]]
    run_bundle(**dict(zip(names, map(DefaultParseValue, command[1::2]), strict=True)))


def words(given: Mapping[str, Any]) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def plan(work: Path, datasets: Callable[[str], Path]) -> Plan:
    given = words({**SMALL, **BUNDLE.smallest, "epochs": 2})
    space = {
        "network_def#head#dropout": {"low": 0.2, "high": 0.5},
        "learning_rate": {"low": 0.0001, "high": 0.01, "log": True},
    }
    (work / "space.json").write_text(json.dumps(space))
    return make_plan(
        BUNDLE.name,
        str(datasets(BUNDLE.name)),
        work / "space.json",
        2,
        given,
        folder=work / "search",
        pruning=Pruning(startup=0, warmup=1),
    )


@pytest.fixture(scope="module")
def result(plan: Plan, work: Path) -> Result:
    """Of two trials: the second is given up, or as good as the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setattr(trial_run, "run_trainings", in_this_process)
        return search(plan)


def test_a_trial_tells_its_scores_and_leaves_the_held_out_fold_alone(
    plan: Plan, result: Result
) -> None:
    assert result.best is not None
    folder = plan.folder / f"trial{result.best.number:04d}"
    history = pd.read_csv(folder / "history.csv")
    assert result.best.intermediate_values == dict(
        zip(history["epoch"], history[METRIC], strict=True)
    )
    assert result.best.value == history[METRIC].max()
    assert (folder / "model.pt").is_file()
    for number in range(2):
        left = {path.name for path in (plan.folder / f"trial{number:04d}").iterdir()}
        assert not left & {"scores.json", "cases.csv", "plots", "predictions"}


def test_the_trials_are_children_of_one_mlflow_run(plan: Plan, result: Result) -> None:
    from mlflow.tracking import MlflowClient

    record = json.loads((plan.folder / "mlflow.json").read_text())
    client = MlflowClient(record["tracking_uri"])
    assert client.get_run(record["run_id"]).info.status == "FINISHED"
    for row in result.rows:
        own = json.loads((plan.folder / row["folder"] / "mlflow.json").read_text())
        child = client.get_run(own["run_id"])
        assert child.data.tags["mlflow.parentRunId"] == record["run_id"]
        assert child.data.tags["trial_state"] == row["state"]
        assert float(child.data.params["search.learning_rate"]) == row["learning_rate"]


def test_the_best_variant_trains_to_the_same_and_scores_the_fold(
    plan: Plan, result: Result, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    given = [*train_command(plan)[4:], "--output_dir", str(work / "searched")]
    run_words(given)
    assert result.best is not None
    folder = plan.folder / f"trial{result.best.number:04d}"
    columns = ["epoch", "train_loss", "val_loss", METRIC]
    trial, again = (pd.read_csv(each / "history.csv") for each in (folder, work / "searched"))
    pd.testing.assert_frame_equal(trial[columns], again[columns])
    scores = json.loads((work / "searched" / "scores.json").read_text())
    assert scores["fold"] == 0


def test_two_processes_share_a_segmentation(
    work: Path, busi_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import sys

    monkeypatch.chdir(work)
    (work / "rates.json").write_text('{"learning_rate": {"low": 0.0001, "high": 0.01}}')
    small = words({"image_size": 64, "epochs": 1, "num_workers": 0, "precision": "float32"})
    command = ("breast_us_segmentation", "--dataset_dir", str(busi_dataset), "--space")
    command = (*command, "rates.json", "--trials", "3", "-o", "shared", *small)
    script = "from pipelines.cli import main; main()"
    run = [sys.executable, "-c", script, "search", *command]
    processes = [subprocess.Popen(run, cwd=work) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    med2d("search", *command)  # trains nothing
    table = pd.read_csv(work / "shared" / "trials.csv")
    assert table["number"].tolist() == [0, 1, 2] and set(table["state"]) == {"complete"}
    logs = [path.read_text() for path in (work / "shared" / "logs").iterdir()]
    assert len(logs) == 3 and all(log.count("$ ") == 1 for log in logs)
