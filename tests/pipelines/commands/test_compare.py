from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.commands.compare import compare
from pipelines.training import tracked_cases
from tests.pipelines.commands.command_line import run
from tests.pipelines.evaluation.made_cases import classified

FEW = ("--resamples", 200)


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """The folders of two runs: a good model and a bad one."""
    folders = [tmp_path / name for name in ("good", "bad")]
    for seed, (folder, skill) in enumerate(zip(folders, (1.0, 0.1), strict=True)):
        folder.mkdir()
        (folder / "config.json").write_text('{"dataset_digest": "d1"}')
        classified(seed=seed, skill=skill, groups=30).to_csv(folder / "cases.csv", index=False)
    return folders


def refused(*words: object) -> str:
    result = run("compare", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_two_runs_are_compared(models: list[Path]) -> None:
    result = run("compare", *models, *FEW, "--class", "malignant")
    assert result.exit_code == 0 and result.stderr == "", result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"A  {models[0]}", f"B  {models[1]}"]
    assert "A and B, accuracy: evidence of a difference: A is better" in lines
    assert any("McNemar takes images as independent" in line for line in lines)
    assert "60 images in 30 groups; p of 200 exchanges of groups" in result.stdout


def test_everything_is_in_the_json(models: list[Path]) -> None:
    words = ("compare", *models, *FEW, "--score", "kappa,brier", "--json")
    content = json.loads(run(*words).stdout)
    (pair,) = content["pairs"]
    assert (pair["first"], pair["second"]) == tuple(map(str, models))
    assert list(pair["scores"]) == ["kappa", "brier"] and content["resamples"] == 200
    assert json.loads(run(*words).stdout) == content


def test_what_a_calibration_error_lacks_is_said(models: list[Path]) -> None:
    text = run("compare", *models, *FEW, "--score", "calibration_error").stdout
    assert "the calibration error has no interval" in text
    assert "the calibration error" not in run("compare", *models, *FEW, "--score", "brier").stdout


def test_equal_models_do_not_differ(models: list[Path], tmp_path: Path) -> None:
    (tmp_path / "same.csv").write_bytes((models[0] / "cases.csv").read_bytes())
    result = run("compare", models[0], tmp_path / "same.csv", *FEW)
    assert "A and B, accuracy: no evidence of a difference" in result.stdout


def test_an_mlflow_run_can_stand_for_its_folder(
    models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = "a" * 32
    fetched = (models[1] / "cases.csv", "unet (aaaaaaaa)", "d1")
    monkeypatch.setattr(tracked_cases, "fetch_cases", lambda *words: fetched)
    result = run("compare", models[0], run_id, *FEW)
    assert result.exit_code == 0 and "B  unet (aaaaaaaa)" in result.stdout


def test_the_folds_of_a_model_are_pooled(models: list[Path], tmp_path: Path) -> None:
    lines = (models[1] / "cases.csv").read_text().splitlines(keepends=True)
    for name, part in (("f0", lines[:30]), ("f1", [lines[0], *lines[30:]])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cases.csv").write_text("".join(part))
        (tmp_path / name / "config.json").write_text('{"dataset_digest": "d1"}')
    folds = f"{tmp_path / 'f0'},{tmp_path / 'f1'}"
    pooled = json.loads(run("compare", models[0], folds, *FEW, "--json").stdout)
    whole = json.loads(run("compare", *models, *FEW, "--json").stdout)
    assert pooled["pairs"][0]["scores"]["auroc"]["p"] == whole["pairs"][0]["scores"]["auroc"]["p"]
    (tmp_path / "f1" / "config.json").write_text('{"dataset_digest": "d2"}')
    assert "are of 2 datasets; expected one" in refused(models[0], folds)


def test_what_cannot_be_compared_is_one_line(models: list[Path], tmp_path: Path) -> None:
    good, bad = models
    assert "expected two models or more" in refused(good)
    assert "a model was given twice" in refused(good, good)
    assert "is no file" in refused(good, tmp_path / "none")
    assert "--score: 'auroc,' holds a name twice, or an empty one" in refused(
        good, bad, "--score", "auroc,"
    )
    assert "no score 'dice'" in refused(good, bad, "--score", "dice")
    (bad / "config.json").write_text('{"dataset_digest": "d2"}')
    assert "is of the dataset d1" in refused(good, bad)
    (tmp_path / "few.csv").write_text("".join((bad / "cases.csv").open().readlines()[:-3]))
    assert "few.csv lacks 3 image(s): i057, i058, i059" in refused(good, tmp_path / "few.csv")


def test_the_options_are_listed() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "compare.md"
    table = page.read_text(encoding="utf-8").split("## The options\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {flag for cell in cells for flag in re.findall(r"--[a-z-]+", cell)}
    assert named == {flag for each in compare.params for flag in each.opts if flag[0] == "-"}
