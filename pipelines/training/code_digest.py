"""Which code a run is of: a hash of each source file, and one of them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.file_hash import sha256_of

PACKAGES = ("networks", "pipelines", "transforms")

_ROOT = Path(__file__).resolve().parents[2]


def code_files(root: Path = _ROOT) -> dict[str, str]:
    """The hash of every Python file of med2d, by its path from ``root`` with forward slashes.

    Args:
        root: the folder that holds the packages, in a checkout and after an installation alike.
    """
    paths = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    return _hashes(root, paths)


def bundle_files(bundle_root: str | Path) -> dict[str, str]:
    """The hash of every configuration file of a bundle, by its path from the bundle's folder.

    Args:
        bundle_root: the bundle's folder.
    """
    return _hashes(Path(bundle_root), (Path(bundle_root) / "configs").rglob("*.json"))


def digest_of(hashes: Mapping[str, str]) -> str:
    """One hash, of 64 hexadecimal digits, of files by name and hash; their order plays no part.

    Examples:
        >>> digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})
        True
    """
    lines = (f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in sorted(paths)}
