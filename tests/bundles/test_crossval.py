"""Cross-validations that train: the runs are real, their scores are pooled, all answer together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fire.parser import DefaultParseValue
from monai.bundle import run as run_bundle

from pipelines.crossval import run as crossval_run
from pipelines.crossval.plan import Plan, make_plan
from pipelines.crossval.run import Result, cross_validate
from pipelines.series.trainings import Ended, Training
from tests.bundles.conftest import med2d
from tests.bundles.made_bundle import BUNDLES, SMALL

BUNDLE = BUNDLES["breast_us_classification"]


def in_this_process(
    trainings: Sequence[Training],
    at_once: int,
    listener: object,
    variables: Mapping[str, str],
    kept_open: Sequence[int],
) -> list[Ended]:
    """Trains as the processes would, without the seconds in which each of them imports."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        for training in trainings:
            words = list(training.command)[training.command.index("run") + 1 :]
            names = [word.removeprefix("--") for word in words[::2]]
            run_bundle(**dict(zip(names, map(DefaultParseValue, words[1::2]), strict=True)))
    return [Ended(training, 0, 1.0, "") for training in trainings]


def words(given: Mapping[str, Any]) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def plan(work: Path, datasets: Callable[[str], Path]) -> Plan:
    given = words({**SMALL, **BUNDLE.smallest, "epochs": 1})
    return make_plan(BUNDLE.name, str(datasets(BUNDLE.name)), given, folder=work / "crossval")


@pytest.fixture(scope="module")
def result(plan: Plan, work: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setattr(crossval_run, "run_trainings", in_this_process)
        return cross_validate(plan)


def test_every_image_is_scored_once_by_the_run_that_had_not_seen_it(
    plan: Plan, result: Result
) -> None:
    cases = pd.read_csv(plan.folder / "cases.csv").set_index("id")
    folds = {Path(item["image"]).stem: item["fold"] for item in plan.dataset.items}
    assert cases["fold"].to_dict() == folds and set(cases["seed"]) == {0}
    assert result.scores is not None and result.scores["fold"] == "pooled"
    entry = result.scores["by_seed"]["0"]["scores"]["accuracy"]
    right = (cases["class"] == cases["predicted"]).mean()
    assert (entry["value"], entry["n"]) == (pytest.approx(right), len(folds))


def test_the_runs_are_children_of_one_mlflow_run(plan: Plan, result: Result) -> None:
    from mlflow.tracking import MlflowClient

    record = json.loads((plan.folder / "mlflow.json").read_text())
    client = MlflowClient(record["tracking_uri"])
    parent = client.get_run(record["run_id"])
    assert parent.info.status == "FINISHED" and "score/accuracy_mean" in parent.data.metrics
    assert {each.path for each in client.list_artifacts(record["run_id"])} == {
        *("cases.csv", "crossval.json", "scores.json", "tables")
    }
    for member in plan.members:
        own = json.loads((member.folder / "mlflow.json").read_text())
        child = client.get_run(own["run_id"])
        assert child.data.tags["mlflow.parentRunId"] == record["run_id"]
        assert child.data.params["fold"] == str(member.fold)


def test_runs_that_have_ended_are_not_trained_again(
    plan: Plan, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object) -> list[Ended]:
        raise AssertionError("a run was trained again")

    monkeypatch.setattr(crossval_run, "run_trainings", never)
    monkeypatch.setattr(crossval_run, "ParentRun", lambda plan: Silent())
    assert cross_validate(plan).scores == result.scores


class Silent:
    """Takes the place of the MLflow run."""

    def begin(self) -> dict[str, str]:
        return {}

    def log_pooled(self, *arguments: object) -> None:
        pass

    def end(self, status: str) -> None:
        pass


def test_all_runs_answer_pictures_by_the_command_that_is_printed(
    plan: Plan, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = crossval_run.answer_command(plan)
    assert command is not None
    given = dict(zip(command[4::2], map(DefaultParseValue, command[5::2]), strict=True))
    (tmp_path / "pictures").mkdir()
    for item in plan.dataset.items[:2]:
        source = plan.dataset.folder / item["image"]
        (tmp_path / "pictures" / source.name).write_bytes(source.read_bytes())
    monkeypatch.chdir(tmp_path)
    run_bundle(**{name.removeprefix("--"): value for name, value in given.items()})
    answers = pd.read_csv(tmp_path / "predictions" / "predictions.csv")
    assert len(answers) == 2
    assert answers.filter(like="p_").sum(axis=1).tolist() == pytest.approx([1, 1])


@pytest.mark.slow
def test_a_recipe_without_epochs(
    work: Path, datasets: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {name: value for name, value in SMALL.items() if name != "batch_size"}
    given |= {"baseline::classifier": "logistic", "activation": "softmax"}
    arguments = ("--folds", "0,1", "--variant", "embeddings_svm", "-o", work / "embeddings")
    monkeypatch.chdir(work)
    dataset = datasets(BUNDLE.name)
    med2d("crossval", BUNDLE.name, "--dataset_dir", dataset, *arguments, *words(given))
    assert len(pd.read_csv(work / "embeddings" / "cases.csv")) > 0
    assert (work / "embeddings" / "fold1-seed0" / "candidates.csv").is_file()


@pytest.mark.slow
def test_a_segmentation_in_two_processes_at_a_time(
    work: Path, busi_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    small = words({"image_size": 64, "epochs": 1, "num_workers": 0, "precision": "float32"})
    arguments = ("--folds", "0,1", "--seeds", "2", "--jobs", 2, "-o", work / "outlines")
    med2d("crossval", "breast_us_segmentation", "--dataset_dir", busi_dataset, *arguments, *small)
    content = json.loads((work / "outlines" / "scores.json").read_text())
    assert set(content["by_seed"]) == {"0", "1"} and content["seeds_together"] is None
    assert {"dice", "lesion_recall"} <= set(content["spread"]["scores"])
    regions = pd.read_csv(work / "outlines" / "regions.csv")
    assert {"seed", "fold"} <= set(regions)
    log = (work / "outlines" / "logs" / "fold1-seed1.log").read_text()
    assert "epoch 1/1" in log
