import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.bundles import bundle_names
from pipelines.datasets.phantoms import PHANTOMS
from pipelines.deployment.checks import runs as bundle_check_runs
from pipelines.deployment.checks.runs import MADE_DATA, check_runs
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would run; those whose words hold ``fails`` fail."""
    given: list[list[str]] = []

    def run(words: Sequence[str], **options: Any) -> SimpleNamespace:
        given.append([str(word) for word in words])
        code = int(any("fails" in word for word in given[-1]))
        out = Path(words[words.index("--output_dir") + 1]) if "--output_dir" in words else None
        if (
            out is not None
            and not code
            and words[words.index("--config_file") + 1].endswith("ce.json")
        ):
            out.mkdir()
            (out / "made_0_mask.png").touch()
        return SimpleNamespace(returncode=code, stdout="", stderr="trace\nError: too bad\n")

    monkeypatch.setattr(subprocess, "run", run)
    return given


def test_each_bundle_has_made_data() -> None:
    assert sorted(MADE_DATA) == bundle_names()
    assert all(PHANTOMS[each.phantom].enough <= each.count for each in MADE_DATA.values())


def test_what_is_not_run_is_told(bundle: Path, commands: list[list[str]]) -> None:
    answers, *trainings = check_runs(found(bundle), trains=False)
    assert answers.unchecked == "it has no weights"
    assert {each.unchecked for each in trainings} == {"--run was not given"}
    change(bundle, "configs/train.json", lambda content: content["scorer"].update(bundle="mine"))
    assert "no made images" in check_runs(found(bundle), trains=True)[1].unchecked
    (bundle / "configs" / "train.json").unlink()
    assert "holds no configs/train.json" in check_runs(found(bundle), trains=True)[1].unchecked
    assert commands == []


def test_a_training_its_evaluation_and_its_answers_are_run(
    bundle: Path, commands: list[list[str]]
) -> None:
    verdicts = check_runs(found(bundle), trains=True)
    assert [each.state for each in verdicts] == ["not checked", "ok", "ok", "ok"]
    phantom, convert, train, evaluate, answer = commands
    assert "phantom" in phantom and "convert" in convert and "segmentation" in convert
    place = train.index("--train::handlers::10::_disabled_")
    assert train[place + 1] == "True"  # MLflow is not told of it
    assert "evaluate.json" in str(evaluate) and "run/configs/inference.json" in str(answer)


def test_what_follows_a_failure_is_not_run(bundle: Path, commands: list[list[str]]) -> None:
    spoilt = bundle.rename(bundle.with_name("fails"))
    _, trains, evaluates, answers = check_runs(found(spoilt), trains=True)
    assert trains.problems == ("it ended with code 1: too bad",)
    assert {evaluates.unchecked, answers.unchecked} == {"what comes before it failed"}
    assert len(commands) == 3


def test_a_run_that_writes_nothing_is_a_problem(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "model.pt").touch()
    monkeypatch.setattr(bundle_check_runs, "_run", lambda words, folder: [])
    assert check_runs(found(bundle), trains=False)[0].problems == (
        "it ended well and wrote nothing",
    )
