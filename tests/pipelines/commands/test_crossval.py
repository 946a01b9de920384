from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.commands.crossval import crossval
from pipelines.crossval import parent_run, pooled
from pipelines.crossval import run as crossval_run
from pipelines.evaluation.group_intervals import IntervalOptions
from tests.pipelines.commands.command_line import run
from tests.pipelines.crossval.made_training import Trainings, begun_with

BUNDLE = "breast_us_classification"


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    (tmp_path / "scratch").mkdir()
    made = Trainings(tmp_path / "scratch")
    monkeypatch.setattr(crossval_run, "training_command", made)
    monkeypatch.setattr(parent_run, "experiment_of", lambda config: None)
    monkeypatch.setattr(crossval_run, "write_ensemble", lambda *given: None)
    few = IntervalOptions(resamples=100)
    monkeypatch.setattr(pooled, "IntervalOptions", lambda: few)
    monkeypatch.chdir(tmp_path)
    return made


def test_scores_and_the_command_that_answers_are_printed(
    class_dataset: Path, trainings: Trainings
) -> None:
    words = ("crossval", BUNDLE, "--dataset_dir", class_dataset, "--epochs", 3)
    result = run(*words, "-o", "out", "--seeds", 2, "--folds", "0,1")
    assert result.exit_code == 0, result.output
    assert "balanced_accuracy" in result.stdout and "together" in result.stdout
    assert "of fold(s) 0, 1 alone, of 5" in result.stdout
    assert "--config_file out/ensemble/configs/inference.json" in result.stdout
    assert "fold1-seed1: done in" in result.stderr


def test_the_summary_is_json(class_dataset: Path, trainings: Trainings) -> None:
    words = ("crossval", BUNDLE, "--dataset_dir", class_dataset, "--folds", "0,1", "-o", "out")
    trainings.how["fold1-seed0"] = "fail"
    result = run(*words, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1 and found["scores"] is None and not found["finished"]
    assert found["failed"] == [
        {
            "run": "fold1-seed0",
            "log": "out/logs/fold1-seed0.log",
            "error": "Error: there is no room",
        }
    ]
    trainings.how.clear()
    found = json.loads(run(*words, "--json").stdout)
    assert (
        found["finished"] and found["scores"]["by_seed"]["0"]["images"] == 12
    )  # all of the two folds
    assert found["answer_command"].startswith("python -m monai.bundle run")


def test_several_codes_are_told_beside_the_scores(
    class_dataset: Path, trainings: Trainings, tmp_path: Path
) -> None:
    words = ("crossval", BUNDLE, "--dataset_dir", class_dataset, "--folds", "0,1", "-o", "out")
    assert "code" not in run(*words).stderr
    for fold, digest in enumerate("ab"):
        place = tmp_path / "out" / f"fold{fold}-seed0" / "record.json"
        place.write_text(json.dumps(begun_with(64 * digest)))
    result = run(*words, "--json")
    assert result.exit_code == 0 and "the runs are not of one code" in result.stderr
    content = json.loads(result.stdout)
    assert [each["runs"] for each in content["code"]] == [["fold0-seed0"], ["fold1-seed0"]]


def test_a_failure_is_named_and_nothing_is_shown_as_whole(
    class_dataset: Path, trainings: Trainings
) -> None:
    trainings.how["fold0-seed0"] = "fail"
    words = ("--dataset_dir", class_dataset, "--folds", "0,1", "-o", "out")
    result = run("crossval", BUNDLE, *words)
    assert result.exit_code == 1 and result.stdout == ""
    assert "fold0-seed0 failed: Error: there is no room (log out/logs" in result.stderr
    assert "1 of 2 runs have ended, so nothing was pooled" in result.stderr


def test_ctrl_c_says_how_to_go_on(
    class_dataset: Path, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(crossval_run, "run_trainings", stopped)
    words = ("--dataset_dir", class_dataset, "--folds", "0,1", "-o", "out", "--epochs", 3)
    result = run("crossval", BUNDLE, *words, "--jobs", 2)
    assert result.exit_code == 130 and "0 of 2 runs have ended; go on by" in result.stderr
    command = f"med2d crossval {BUNDLE} --dataset_dir {class_dataset} --folds 0,1 -o out --epochs 3"
    assert f"{command} --jobs 2" in result.stderr


def test_a_dry_run_shows_the_commands_and_writes_nothing(
    class_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("crossval", BUNDLE, "--dataset_dir", class_dataset, "--variant", "frozen", "--dry-run")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("--output_dir runs/breast_us_classification/crossval-frozen/") == 5
    assert "dry run: 0 of 5 runs have ended" in result.stdout
    found = json.loads(run(*words, "--json", "--folds", "1,").stdout)
    assert [each["state"] for each in found["runs"]] == ["waiting"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--epoch", 3), "there is no epoch in the configuration; did you mean epochs?"),
        (("--folds", 3), "med2d split"),
        (("--seed", 3), "name the seeds by --seeds"),
        (("--jobs", 0), "Invalid value for '--jobs'"),
        (("--variant", "frozn"), "no variant 'frozn'"),
    ],
)
def test_what_cannot_be_is_one_line(
    class_dataset: Path, words: tuple[object, ...], message: str
) -> None:
    result = run("crossval", BUNDLE, "--dataset_dir", class_dataset, *words)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_a_leaky_split_is_told_everywhere(
    class_dataset: Path, trainings: Trainings, tmp_path: Path
) -> None:
    folder = tmp_path / "leaky"
    folder.mkdir()
    content = json.loads((class_dataset / "dataset.json").read_text())
    content["source"]["leaky"] = True
    (folder / "dataset.json").write_text(json.dumps(content))
    (folder / "images").symlink_to(class_dataset / "images")
    result = run("crossval", BUNDLE, "--dataset_dir", folder, "--folds", "0,1", "-o", "out")
    assert result.exit_code == 0, result.output
    assert "leaky split, made on purpose" in result.stderr
    assert "too good" in result.stdout
    for name in ("scores.json", "crossval.json"):
        assert json.loads((tmp_path / "out" / name).read_text())["leaky"] is True


def test_the_page_lists_the_options() -> None:
    page = (Path(__file__).parents[3] / "docs" / "crossval.md").read_text(encoding="utf-8")
    table = page[page.index("| option |") : page.index("The number of folds is")]
    named = set(re.findall(r"`(--?[a-z_-]+)`", "\n".join(re.findall(r"^\|([^|]*)\|", table, re.M))))
    assert named == {flag for each in crossval.params for flag in each.opts if flag.startswith("-")}
