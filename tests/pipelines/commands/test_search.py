from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from pipelines.commands.search import search
from pipelines.search import run as search_run
from pipelines.search import search_run as parent_run
from pipelines.search import trial_run
from pipelines.search.space import read_space
from pipelines.search.space_check import checked_space
from pipelines.series.recipe import read_recipe
from tests.pipelines.commands.command_line import run
from tests.pipelines.search.made_trials import Trials

BUNDLE = "breast_us_classification"
DOCS = Path(__file__).parents[3] / "docs"
SPACE = {"learning_rate": {"low": 1e-5, "high": 0.1, "log": True}}


@pytest.fixture
def words(class_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    (tmp_path / "space.json").write_text(json.dumps(SPACE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MED2D_SEARCH_STORAGE", raising=False)
    start = ("search", BUNDLE, "--dataset_dir", class_dataset, "--space", "space.json")
    return [*start, "--trials", 2, "-o", "out"]


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trials:
    made = Trials()
    monkeypatch.setattr(trial_run, "_command", made)
    monkeypatch.setattr(parent_run, "experiment_of", lambda config: None)
    return made


def test_the_best_trial_and_the_command_that_trains_it_are_printed(
    words: list[object], trainings: Trials
) -> None:
    result = run(*words, "--fold", 1)
    assert result.exit_code == 0, result.output
    assert "val_balanced_accuracy on the validation fold" in result.stdout
    assert "out/best_variant.json" in result.stdout and "is too good" in result.stdout
    command = shlex.split(result.stdout.splitlines()[-1])
    assert command[5].endswith("'out/best_variant.json']") and command[-2:] == ["--fold", "1"]
    assert "go on by" not in result.stderr and "trial0001: val_balanced_accuracy" in result.stderr


def test_the_summary_is_json(words: list[object], trainings: Trials) -> None:
    trainings.how = {1: "fail"}
    found = json.loads(run(*words, "--storage", "journal:trials.log", "--json").stdout)
    assert [row["state"] for row in found["trials"]] == ["complete", "failed"]
    assert found["best"]["number"] == 0 and set(found["best"]["settings"]) == set(SPACE)
    assert found["missing"] == 0 and found["ended_by"] == ""


def test_without_a_complete_trial_the_code_is_one(words: list[object], trainings: Trials) -> None:
    trainings.how = {-1: "fail"}
    result = run(*words, "--storage", "journal:trials.log")
    assert result.exit_code == 1 and "there is no best one" in result.stderr
    assert "trial0000: FAILED: Error: there is no room (log out/logs" in result.stderr


def test_ctrl_c_says_how_to_go_on(words: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(plan: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(search_run, "search", stopped)
    result = run(*words, "--image_size", 32)
    assert result.exit_code == 130
    assert "--space space.json --trials 2 -o out --image_size 32" in result.stderr


@pytest.mark.parametrize(
    ("further", "message"),
    [
        (("--epoch", 3), "there is no epoch in the configuration; did you mean epochs?"),
        (("--trials", 0), "Invalid value for '--trials'"),
        (("--space", "no.json"), "--space no.json cannot be read"),
        (("--learning_rate", 0.1), "learning_rate is searched, and given by --learning_rate"),
        (("--storage", "nonsense"), "--storage nonsense cannot be opened"),
        (("--variant", "frozn"), "no variant 'frozn'"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[object], further: tuple[object, ...], message: str
) -> None:
    result = run(*words, *further)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert not Path("out").exists()


def test_without_optuna_it_is_said_how_to_get_it(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    result = run(*words)
    assert result.exit_code == 2 and "pip install 'med2d[search]'" in result.stderr


def test_the_space_of_the_page_fits_its_bundle(class_dataset: Path) -> None:
    path = DOCS / "search_space.json"
    space = checked_space(read_space(path), path, read_recipe(BUNDLE, str(class_dataset)))
    assert {"variant", "network_def::head::dropout", "optimizer"} <= set(space)


def test_the_entries_of_the_page_are_read(tmp_path: Path) -> None:
    page = (DOCS / "search.md").read_text(encoding="utf-8")
    table = page[page.index("| entry |") : page.index("Arguments of a component")]
    entries = re.findall(r"^\| `(.*?)` \|", table, re.M)
    assert len(entries) == 5
    for entry in entries:
        text = entry if entry.startswith('"') else f'"epochs": {entry}'
        (tmp_path / "space.json").write_text(f"{{{text}}}")
        assert len(read_space(tmp_path / "space.json")) == 1


def test_the_page_lists_the_options() -> None:
    page = (DOCS / "search.md").read_text(encoding="utf-8")
    table = page[page.index("| option |") : page.index("## What it leaves")]
    named = set(re.findall(r"`(--?[a-z_-]+)`", "\n".join(re.findall(r"^\|([^|]*)\|", table, re.M))))
    flags = {flag for each in search.params for flag in (*each.opts, *each.secondary_opts)}
    assert named == {flag for flag in flags if flag.startswith("-")}
