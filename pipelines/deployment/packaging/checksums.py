"""The SHA-256 of every file of a folder, as ``sha256sum --check`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

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


def read_checksums(folder: Path) -> Mapping[str, str]:
    """Reads the SHA-256 of each listed file; ``DIGEST  NAME`` or ``DIGEST *NAME`` a line.

    Raises:
        OSError: the list cannot be read.
        UnicodeDecodeError: it is no text.
    """
    lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    told = (line.split(maxsplit=1) for line in lines if line.strip())
    return {words[-1].strip().lstrip("*"): words[0].lower() for words in told}


def changed_files(folder: Path, told: Mapping[str, str]) -> list[str]:
    """Says of each listed file that is not as it was what is wrong with it.

    Args:
        folder: of the files.
        told: the SHA-256 of each, by its path below the folder.
    """
    problems = []
    for name, digest in told.items():
        place = PurePosixPath(name)
        outside = place.is_absolute() or ".." in place.parts
        if outside or not (folder / name).is_file():
            problems.append(f"{name} is missing; {CHECKSUMS} names it")
        elif sha256_of(folder / name) != digest:
            problems.append(
                f"{name} is not what {CHECKSUMS} says; it has changed since it was packaged"
            )
    return problems
