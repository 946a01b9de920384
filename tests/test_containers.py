"""The images are small, pinned and no root's; what needs no engine of them is tried."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from pipelines.cli import main
from tests.linters import program

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
NAMES = [path.name for path in FILES]
PINNED = re.compile(r"^FROM python:3\.\d+-slim-\w+( AS \w+)?$")


def instructions(path: Path, name: str) -> list[str]:
    """The lines of a Dockerfile that begin with an instruction, continued ones joined."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.startswith(f"{name} ")]


def test_there_are_images_to_train_and_to_serve() -> None:
    assert NAMES == ["serve.Dockerfile", "train.Dockerfile"]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_hadolint_has_nothing_to_say(path: Path) -> None:
    done = subprocess.run(
        [program("hadolint"), "--no-color", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_hadolint_would_say_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp && sudo pip install torch\n")
    done = subprocess.run(
        [program("hadolint"), str(tmp_path / "Dockerfile")], capture_output=True, text=True
    )
    assert done.returncode != 0


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_an_image_is_pinned_built_in_stages_and_run_by_an_ordinary_user(path: Path) -> None:
    bases = instructions(path, "FROM")
    assert len(bases) == 2 and all(PINNED.match(line) for line in bases)
    assert len({line.split()[1] for line in bases}) == 1
    users = instructions(path, "USER")
    assert users and int(users[-1].split()[1].partition(":")[0]) > 0
    assert len(instructions(path, "HEALTHCHECK")) == 1
    installs = [line for line in instructions(path, "RUN") if "pip install" in line]
    assert installs
    assert all("-c constraints.txt" in line or "pip install uv==" in line for line in installs)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_build_asks_for_what_med2d_needs(path: Path, tmp_path: Path) -> None:
    """The line of Python that lists the packages, as the build runs it."""
    (line,) = [each for each in instructions(path, "RUN") if "configparser" in each]
    script = line.partition(" && ")[0].removeprefix("RUN python -c").rpartition(">")[0]
    done = subprocess.run(
        [sys.executable, "-c", *shlex.split(script)], cwd=ROOT, capture_output=True, text=True
    )
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extra = {"serve.Dockerfile": "demo", "train.Dockerfile": "search"}[path.name]
    needed = setup["options"]["install_requires"] + setup["options.extras_require"][extra]
    assert done.stdout.split() == needed.split()
    assert {"torch>=2.13", "monai>=1.6,<1.7"} <= set(done.stdout.split())


def _ignored(name: str) -> bool:
    """Whether a file of the root stays out of the build; the last line that fits counts."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    ignored = False
    for line in (each for each in lines if each and not each.startswith("#")):
        if fnmatch(name, line.removeprefix("!")):
            ignored = not line.startswith("!")
    return ignored


def test_the_build_gets_the_code_and_nothing_else() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {name.partition(".")[0] for name in setup["options"]["packages"].split()}
    files = {"setup.cfg", "pyproject.toml", "constraints.txt", "LICENSE", "README.md"}
    assert {path.name for path in ROOT.iterdir() if not _ignored(path.name)} == folders | files
    for name in ("datasets", "runs", ".venv", ".git", "mlflow.db", "mlartifacts"):
        assert _ignored(name), name


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_command_of_an_image_is_one_of_med2d(path: Path) -> None:
    (command,) = instructions(path, "CMD")
    program_name, *words = json.loads(command.removeprefix("CMD "))
    assert program_name == "med2d"
    if words != ["--help"]:
        _, node, rest = main.resolve_command(click.Context(main), words)
        assert node is not None
        node.make_context(words[0], [str(ROOT) if word == "/bundle" else word for word in rest])


def test_the_page_is_asked_where_it_listens() -> None:
    path = ROOT / "docker" / "serve.Dockerfile"
    words = json.loads(instructions(path, "CMD")[0].removeprefix("CMD "))
    port = words[words.index("--port") + 1]
    assert words[words.index("--host") + 1] == "0.0.0.0"
    assert instructions(path, "EXPOSE") == [f"EXPOSE {port}"]
    assert f"http://127.0.0.1:{port}/" in path.read_text(encoding="utf-8").split("HEALTHCHECK")[1]
