"""GitHub and Azure run what a developer runs, by files that both understand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.linters import program

ROOT = Path(__file__).resolve().parent.parent
GITHUB, AZURE = ROOT / ".github" / "workflows" / "ci.yml", ROOT / "azure-pipelines.yml"
SCHEMAS = {GITHUB: "vendor.github-workflows", AZURE: "vendor.azure-pipelines"}


def errors(path: Path, schema: str) -> list[dict]:
    """What the schema that the tool carries has against a file."""
    command = [program("check-jsonschema"), "--builtin-schema", schema]
    # Azure's patterns are no regular expressions of JavaScript in the strict sense.
    options = ["--regex-variant", "python", "-o", "json", str(path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    return json.loads(done.stdout)["errors"]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_schema_knows_every_key(path: Path) -> None:
    assert errors(path, SCHEMAS[path]) == []


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [(GITHUB, "runs-on:", "runs_on:"), (AZURE, "timeoutInMinutes:", "timeout:")],
    ids=["GitHub", "Azure"],
)
def test_a_wrong_key_would_be_found(path: Path, right: str, wrong: str, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert right in text
    changed = tmp_path / path.name
    changed.write_text(text.replace(right, wrong), encoding="utf-8")
    assert errors(changed, SCHEMAS[path])


def test_both_run_the_same_command_in_the_same_container() -> None:
    github = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"]["check"]
    (azure,) = yaml.safe_load(AZURE.read_text(encoding="utf-8"))["jobs"]
    image = azure["variables"]["IMAGE"]
    assert github["container"]["image"] == image == "python:3.11-bookworm"
    assert github["steps"][-1]["run"] == ".ci/run"
    scripts = [step["script"] for step in azure["steps"] if "script" in step]
    (command,) = [script for script in scripts if "docker run" in script]
    assert command.endswith('"$(IMAGE)" .ci/run')
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_the_steps_of_others_have_a_version() -> None:
    github = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"]["check"]
    used = [step["uses"] for step in github["steps"] if "uses" in step]
    assert used and all(each.rpartition("@v")[2].count(".") == 2 for each in used)
    (azure,) = yaml.safe_load(AZURE.read_text(encoding="utf-8"))["jobs"]
    tasks = [step["task"] for step in azure["steps"] if "task" in step]
    assert tasks and all(each.rpartition("@")[2].isdigit() for each in tasks)


def test_both_keep_the_packages_of_pip() -> None:
    for path in SCHEMAS:
        text = path.read_text(encoding="utf-8")
        assert "PIP_CACHE_DIR" in text and "constraints.txt" in text
