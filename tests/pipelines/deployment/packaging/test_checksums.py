"""The list of checksums is what sha256sum reads."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from pipelines.deployment.packaging.checksums import write_checksums


def test_every_file_is_listed_and_a_change_is_found(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("two")
    (tmp_path / "a.txt").write_text("one")
    path = write_checksums(tmp_path)
    first, second = path.read_text().splitlines()
    assert first == f"{hashlib.sha256(b'one').hexdigest()}  a.txt"
    assert second.endswith("  b/two.txt")
    command = ["sha256sum", "--check", "--quiet", path.name]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "a.txt").write_text("other")
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "a.txt: FAILED" in done.stdout
