"""The list of checksums is what sha256sum reads."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from pipelines.deployment.packaging.checksums import changed_files, read_checksums, write_checksums


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


def test_what_has_changed_since_is_told(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)
    write_checksums(tmp_path)
    told = read_checksums(tmp_path)
    assert list(told) == ["a.txt", "b.txt", "c.txt"] and changed_files(tmp_path, told) == []
    (tmp_path / "a.txt").unlink()
    (tmp_path / "b.txt").write_text("other")
    (tmp_path / "d").mkdir()
    outside = (str(tmp_path / "c.txt"), "d/../c.txt")
    lost, other, *out = changed_files(tmp_path, {**told, **dict.fromkeys(outside, told["c.txt"])})
    assert lost == "a.txt is missing; SHA256SUMS names it"
    assert other.startswith("b.txt is not what SHA256SUMS says")
    assert [each.partition(" is missing")[0] for each in out] == list(outside)
