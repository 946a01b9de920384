"""The commit is that of the code's own checkout, never of a project around it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.training.git_commit import git_commit

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("a = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_tracked_file_is_at_a_commit(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD").strip()
    assert git_commit(checkout / "code.py") == head
    (checkout / "untracked.txt").write_text("")
    assert git_commit(checkout / "code.py") == head
    (checkout / "code.py").write_text("a = 2\n")
    assert git_commit(checkout / "code.py") == f"{head}-dirty"


def test_a_file_installed_inside_another_project_is_at_none(checkout: Path) -> None:
    installed = checkout / "env" / "module.py"
    installed.parent.mkdir()
    installed.write_text("")
    assert git_commit(installed) is None


def test_outside_of_a_checkout_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path / "code.py") is None
    monkeypatch.setenv("PATH", "")
    assert git_commit() is None
