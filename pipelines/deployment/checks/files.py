"""Whether a bundle has the files that the Model Zoo wants, and each of them can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from pipelines.deployment.checks.checked_bundle import (
    INFERENCE,
    LARGE_FILES,
    METADATA,
    OTHER,
    PACKAGE,
    RUN,
    SHIPPED,
    TRAIN,
    CheckedBundle,
)
from pipelines.deployment.checks.verdict import Verdict
from pipelines.deployment.packaging.checksums import CHECKSUMS, changed_files, read_checksums
from pipelines.errors import first_line

FILES, WEIGHTS, SUMS = "the files of a bundle", "weights", "checksums"
MODEL = "models/model.pt"

_COMPILED = "__pycache__"
_OWN = (METADATA, INFERENCE, "LICENSE", "docs/README.md")
_OF_RUN = (METADATA, INFERENCE)


def check_files(bundle: CheckedBundle) -> Verdict:
    """Checks that the files are there, and that every configuration is JSON.

    A run's folder has no licence and no model card of its own: a package of it has.
    """
    is_run = bundle.kind == RUN or (
        bundle.weights is not None and bundle.kind not in (PACKAGE, OTHER)
    )
    wanted = _OF_RUN if is_run else _OWN
    problems = [f"{name} is missing" for name in wanted if not bundle.has(name)]
    for path in sorted((bundle.folder / "configs").rglob("*.json")):
        fault = _fault(path)
        if fault:
            problems.append(f"{path.relative_to(bundle.folder)} {fault}")
    lacking = [name for name in _OWN if name not in wanted and not bundle.has(name)]
    remark = f"without {' and '.join(lacking)}, which med2d package adds" if lacking else ""
    return Verdict(FILES, tuple(problems), remark=remark)


def _fault(path: Path) -> str:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"cannot be read as JSON ({first_line(error)})"
    return "" if isinstance(content, dict) else "holds no JSON object"


def check_weights(bundle: CheckedBundle) -> Verdict:
    """Checks that ``models/model.pt`` is there, or that the Zoo would fetch it."""
    if bundle.has(MODEL):
        return Verdict(WEIGHTS)
    if bundle.weights is not None:
        told = "model.pt stands in the folder's root; med2d package puts it where the Zoo looks"
        return Verdict(WEIGHTS, remark=told)
    listed = next((name for name in LARGE_FILES if bundle.has(name)), None)
    if listed is not None:
        return _fetched(bundle, listed)
    if bundle.kind == SHIPPED or (bundle.kind == OTHER and bundle.has(TRAIN)):
        return Verdict(
            WEIGHTS,
            unchecked="it is a recipe without weights; the Zoo takes a package of a run, made by "
            "med2d package, or fetches them by large_files.yml",
        )
    return Verdict(WEIGHTS, (f"{MODEL} is missing, and no large_files.yml says where it is",))


def _fetched(bundle: CheckedBundle, listed: str) -> Verdict:
    try:
        content: Any = ConfigParser.load_config_file(bundle.folder / listed)
        entries = content["large_files"]
        told = {str(entry["path"]): str(entry["url"]) for entry in entries}
    except Exception as error:  # YAML, JSON or what they hold: any fault is a finding
        return Verdict(WEIGHTS, (f"{listed} cannot be used ({first_line(error)})",))
    if MODEL not in told:
        return Verdict(WEIGHTS, (f"{MODEL} is missing, and {listed} does not name it",))
    return Verdict(WEIGHTS, unchecked=f"the Zoo fetches them from {told[MODEL]}")


def check_sums(bundle: CheckedBundle) -> Verdict:
    """Checks ``SHA256SUMS`` of a package: every file is as it was, and none is unlisted."""
    if not bundle.has(CHECKSUMS):
        if bundle.kind == PACKAGE:
            return Verdict(SUMS, (f"{CHECKSUMS} is missing",))
        return Verdict(SUMS, unchecked="only a package has them")
    try:
        told = read_checksums(bundle.folder)
    except (OSError, UnicodeDecodeError) as error:
        return Verdict(SUMS, (f"{CHECKSUMS} cannot be read as text ({first_line(error)})",))
    if not told:
        return Verdict(SUMS, (f"{CHECKSUMS} is empty; it names no file",))
    problems = changed_files(bundle.folder, told)
    unlisted = sorted(_files(bundle.folder) - set(told) - {CHECKSUMS})
    problems += [f"{name} is not in {CHECKSUMS}; it was added after packaging" for name in unlisted]
    return Verdict(SUMS, tuple(problems), remark=f"{len(told)} files")


def _files(folder: Path) -> set[str]:
    """All files below a folder, but what Python compiles where the package is used."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {path.as_posix() for path in files if _COMPILED not in path.parts}
