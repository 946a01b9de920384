from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.commands.score import score
from tests.pipelines.commands.command_line import run
from tests.pipelines.evaluation.made_cases import classified, outlined

FEW = ("--resamples", 100)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A run's folder with the cases of three classes, a device, and burnt-in marks in a third."""
    folder = tmp_path / "my run"
    folder.mkdir()
    flags = ["text" if k % 3 == 0 else "" for k in range(60)]
    table = classified(groups=30).assign(flags=flags, device=["GE", "LOGIQ"] * 30)
    table.to_csv(folder / "cases.csv", index=False)
    return folder


@pytest.fixture
def others(tmp_path: Path) -> Path:
    table = classified(seed=4)
    table = table.assign(id="v" + table["id"], group="v" + table["group"])
    table.to_csv(tmp_path / "validation.csv", index=False)
    return tmp_path / "validation.csv"


def content(*words: object) -> dict:
    result = run("score", *words, *FEW, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: object) -> str:
    result = run("score", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_a_run_is_scored_with_intervals(cases: Path) -> None:
    result = run("score", cases, *FEW)
    assert result.exit_code == 0 and result.stderr == ""
    assert "balanced_accuracy" in result.stdout and "Burnt-in marks" in result.stdout
    assert "60 images in 30 groups, classification" in result.stdout
    assert "intervals: percentile bootstrap over groups, 100 resamples" in result.stdout
    found = content(cases)
    assert found["files"] == [str(cases)] and found["groups"] == 30
    assert content(cases, "--seed", 1) != found == content(cases)


def test_the_options_of_the_intervals_are_used(cases: Path) -> None:
    found = content(cases, "--interval", "bca", "--level", 0.9)
    entry = found["scores"]["accuracy"]
    assert (entry["interval"], entry["level"]) == ("bca", 0.9)


@pytest.mark.parametrize("kind", ["wilson", "clopper-pearson", "bootstrap"])
def test_single_images_have_the_interval_of_a_proportion(kind: str, others: Path) -> None:
    interval = content(others, "--proportion", kind)["scores"]["accuracy"]["interval"]
    assert interval == ("percentile" if kind == "bootstrap" else kind)


def test_subgroups_also_come_from_another_table(cases: Path, tmp_path: Path) -> None:
    ages = "".join(f"i{k:03d},{k % 50}\n" for k in range(60))
    (tmp_path / "ages.csv").write_text("id,age\n" + ages)
    words = (cases, "--by", "device,age", "--columns", tmp_path / "ages.csv", "--bins", 2)
    found = content(*words)["by"]
    assert list(found) == ["device", "age"] and list(found["device"]) == ["GE", "LOGIQ"]
    assert sum(part["images"] for part in found["age"].values()) == 60 and len(found["age"]) == 2
    (tmp_path / "ages.csv").write_text("id,age\ni000,1\n")
    assert "lacks 59 of the 60 images, such as 'i001'" in refused(*words)


def test_an_operating_point_is_chosen_elsewhere(cases: Path, others: Path) -> None:
    words = (cases, "--sensitivity", 0.9, "--specificity", 0.8, "--class", "malignant")
    points = content(*words, "--choose-on", others)["operating_points"]
    assert [point["target"] for point in points] == ["sensitivity", "specificity"]
    assert not any(point["optimistic"] for point in points)
    text = run("score", *words, "--choose-on", others, *FEW).stdout
    assert text.count("chosen on 60 images, where it gave sensitivity 0.9") == 1


def test_choosing_on_the_scored_images_is_refused_or_marked(cases: Path) -> None:
    words = (cases, "--sensitivity", 0.9, "--class", "malignant")
    assert "needs --choose-on CASES" in refused(*words)
    same = (*words, "--choose-on", cases / "cases.csv")
    assert "holds 60 image(s) that are scored, such as 'i000'" in refused(*same)
    for further in (words, same):
        (point,) = content(*further, "--optimistic")["operating_points"]
        assert point["optimistic"]


def test_neither_other_ids_nor_none_hide_the_scored_images(cases: Path, tmp_path: Path) -> None:
    table = classified(groups=30)
    table.assign(id="v" + table["id"]).to_csv(tmp_path / "renamed.csv", index=False)
    for name in ("a.csv", "copy.csv"):
        table.drop(columns=["id", "group"]).to_csv(tmp_path / name, index=False)
    words = ("--specificity", 0.9, "--class", "normal", "--choose-on")
    message = refused(cases, *words, tmp_path / "renamed.csv")
    assert "renamed.csv: it holds 30 group(s) that are scored, such as 'g000'" in message
    for scored in (cases, tmp_path / "a.csv"):
        message = refused(scored, *words, tmp_path / "copy.csv")
        assert "without a column id in both tables nobody can tell" in message
    (point,) = content(cases, *words, tmp_path / "copy.csv", "--optimistic")["operating_points"]
    assert point["optimistic"]
    assert "no column group: each image" in run("score", tmp_path / "a.csv", *FEW).stdout


def test_a_leaky_split_is_shown(tmp_path: Path) -> None:
    outlined().assign(leaky=1).to_csv(tmp_path / "a.csv", index=False)
    assert content(tmp_path / "a.csv", "--by", "lesion_area")["leaky"]
    assert "leaky split" in " ".join(run("score", tmp_path / "a.csv", *FEW).stdout.split())


def test_what_cannot_be_scored_is_one_line(cases: Path, others: Path, tmp_path: Path) -> None:
    assert "is no file" in refused(tmp_path / "none.csv")
    assert "both hold the id(s) 'i000'" in refused(cases, cases / "cases.csv")
    assert "--by: 'device,device' holds a name twice" in refused(cases, "--by", "device,device")
    assert "--by age: there is no such column" in refused(cases, "--by", "age")
    assert "--class needs --sensitivity or --specificity" in refused(cases, "--class", "normal")
    assert "--sensitivity needs --class: benign, malignant, normal" in refused(
        cases, "--sensitivity", 0.9, "--choose-on", others
    )


def test_the_options_are_listed() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "score.md"
    table = page.read_text(encoding="utf-8").split("## The options\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {flag for cell in cells for flag in re.findall(r"--[a-z-]+", cell)}
    assert named == {flag for each in score.params for flag in each.opts if flag[0] == "-"}
