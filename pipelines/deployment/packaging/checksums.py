"""The SHA-256 of every file of a folder, as ``sha256sum --check`` reads them."""

from __future__ import annotations

from pathlib import Path

from pipelines.atomic import write_text
from pipelines.file_hash import sha256_of

CHECKSUMS = "SHA256SUMS"


def write_checksums(folder: Path) -> Path:
    """Writes a line for every file below a folder, sorted by path; gives the list's path."""
    target = folder / CHECKSUMS
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != target)
    lines = (f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    write_text(target, "".join(lines))
    return target
