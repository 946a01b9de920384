from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from pipelines.commands.audit import audit
from tests.pipelines.commands.command_line import run


@pytest.fixture
def folder(busi_dataset: Path, tmp_path: Path) -> Path:
    shutil.copytree(busi_dataset, tmp_path / "my data")
    return tmp_path / "my data"


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_dataset_that_passes_ends_with_0_and_names_both_files(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "report"
    result = run("audit", folder, "--out", out, "--workers", 1)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[-2].startswith("busi-phantom passes")
    assert lines[-1] == f"written: {out / 'audit.html'} (open it in a browser) and {out}/audit.json"
    assert any(line.startswith("size to train at: ") for line in lines)
    assert "warning: 3 classes have fewer than 25 groups [few-groups]" in lines
    assert sorted(path.name for path in out.iterdir()) == ["audit.html", "audit.json"]


def test_a_leak_ends_with_1_and_the_report_is_written_all_the_same(folder: Path) -> None:
    def leak(content: dict[str, Any]) -> None:
        content["training"][0]["group"] = content["training"][1]["group"] = "p"
        content["training"][0]["fold"], content["training"][1]["fold"] = 0, 1

    edit(folder, leak)
    result = run("audit", folder, "--workers", 1)
    assert result.exit_code == 1
    assert "error: 1 group stands in several folds [group-leak]" in result.stdout
    assert "busi-phantom fails: 1 error" in result.stdout
    assert json.loads((folder / "audit.json").read_text(encoding="utf-8"))["passes"] is False


def test_the_report_as_json_is_that_of_the_file(folder: Path) -> None:
    result = run("audit", folder, "--json", "--workers", 1)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((folder / "audit.json").read_text("utf-8"))


def test_in_a_terminal_the_findings_are_a_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.commands.audit.is_terminal", lambda: True)
    result = run("audit", folder, "--workers", 1)
    assert "finding" in result.stdout and "few-groups" in result.stdout
    assert "warning: 3 classes" not in result.stdout


def remove_label(content: dict[str, Any]) -> None:
    del content["training"][3]["label"]


CASES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a label that is not there": (remove_label, 'training[3] lacks the key "label"'),
    "an empty dataset": (lambda content: content["training"].clear(), "has no items in training"),
    "a list": (lambda content: content.update(training={}), '"training" is {}; expected a list'),
    "a fold": (
        lambda content: content["training"][2].update(fold="one"),
        'training[2]: "fold" is "one"; expected a whole number from 0',
    ),
    "an image": (
        lambda content: content["training"][2].update(image="images/none.png"),
        "lacks images/none.png, which dataset.json names",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_dataset_is_one_line_and_code_2(name: str, folder: Path) -> None:
    change, expected = CASES[name]
    edit(folder, change)
    (folder / "audit.json").unlink(missing_ok=True)
    result = run("audit", folder, "--workers", 1)
    assert result.exit_code == 2 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and expected in result.stderr
    assert not (folder / "audit.json").exists()


def test_other_bad_input_is_one_line_and_code_2(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "dataset.json").write_text("[1, 2]")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "dataset.json").write_text('{"name": ')
    cases: list[tuple[tuple[object, ...], str]] = [
        ((tmp_path / "none",), "does not exist"),
        ((tmp_path / "text",), "is a file; expected a dataset folder"),
        ((tmp_path,), "has no dataset.json"),
        ((tmp_path / "list",), "expected an object"),
        ((tmp_path / "torn",), "is not JSON"),
        ((folder, "--expect-lesion", "cyst"), "names cyst, which is no class of the images"),
        ((folder, "--expect-lesion", "benign,,"), "holds an empty name"),
        ((folder, "--out", tmp_path / "text"), "a file stands there"),
        ((folder, "--out", tmp_path / "list"), "holds dataset.json, which no audit made"),
        ((folder, "--workers", 0), "0 is not in the range"),
    ]
    for words, expected in cases:
        result = run("audit", *words)
        assert result.exit_code == 2, (words, result.output)
        lines = [line for line in result.stderr.splitlines() if not line.startswith("measuring")]
        assert len(lines) == 1 and expected in lines[0]


ROOT = Path(__file__).resolve().parents[3]


def test_the_page_names_every_check_with_its_severity_and_every_option() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (error|warning|note) \|", page, re.M)
    named = {name: severity for names, severity in rows for name in re.findall(r"[a-z-]+", names)}
    sources = (ROOT / "pipelines" / "datasets" / "audit").glob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    made = dict(re.findall(r'(?:Finding|_of_pairs)\(\s*"([a-z-]+)",\s*"(\w+)', text))
    exact, near = "exact-duplicates-with-two-classes", "near-duplicates-with-two-classes"
    assert f'"{exact}" if exact else "{near}"' in text
    made |= {exact: "error", near: "warning", "empty-mask": "warning", "class-imbalance": "note"}
    assert named == made and len(made) > 40
    flags = {flag for each in audit.params for flag in each.opts if flag.startswith("--")}
    assert set(re.findall(r"^\| `(--[a-z-]+)", page, re.M)) == flags


def test_flags_are_written_into_the_dataset_on_request(folder: Path) -> None:
    marked = folder / "images" / "benign_0001.png"
    with Image.open(marked) as image:
        page = image.convert("L").resize((240, 200))
    ImageDraw.Draw(page).text((30, 150), "LEFT BREAST 12:00", fill=255, font_size=16)
    page.save(marked)
    mask = folder / "masks" / marked.name
    Image.open(mask).resize(page.size, Image.Resampling.NEAREST).save(mask)
    before = (folder / "dataset.json").read_text(encoding="utf-8")
    run("audit", folder, "--workers", 1)
    assert (folder / "dataset.json").read_text(encoding="utf-8") == before
    run("audit", folder, "--workers", 1, "--write-flags")
    items = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["training"]
    written = {item["image"]: item["flags"] for item in items if "flags" in item}
    assert "text" in written["images/benign_0001.png"].split(",")
