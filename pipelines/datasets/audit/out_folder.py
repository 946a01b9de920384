"""Where the two files of an audit may go: never among files that are not its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pipelines.datasets.audit.report import HTML, JSON
from pipelines.datasets.staging import check_beside
from pipelines.errors import InputError


def check_out(dataset: Path, out: Path) -> None:
    """Refuses a folder that holds something else, such as the raw images.

    Args:
        dataset: the dataset folder; the files may always go there.
        out: the folder of ``audit.json`` and ``audit.html``; it need not exist.

    Raises:
        InputError: it is a file; or lies in the dataset folder or around it; or holds other files
            than those of an earlier audit.
    """
    if os.path.realpath(out) == os.path.realpath(dataset):
        return
    check_beside(dataset, out)
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise InputError(f"--out {out}: a file stands there; give a folder")
    try:
        others = sorted(path.name for path in out.iterdir() if path.name not in (JSON, HTML))
    except OSError as error:
        raise InputError(f"{out} cannot be read: {error.strerror or error}") from None
    if others:
        raise InputError(
            f"--out {out}: the folder holds {others[0]}, which no audit made; give a new folder"
        )
    if any(out.iterdir()) and not _is_audit(out / JSON):
        raise InputError(
            f"--out {out}: the folder holds an {JSON} or {HTML} that med2d audit did not make; "
            "give a new folder"
        )


def _is_audit(path: Path) -> bool:
    """Tells whether a file is the report of an earlier audit."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"med2d", "findings", "verdict"} <= content.keys()
