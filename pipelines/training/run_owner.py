"""Which process of which machine follows an MLflow run, and whether it is still there.

A training that is killed outright (SIGKILL, out of memory) cannot tell MLflow so: its run would
stand as running for ever. The next training of the same bundle on the same machine finds that its
process is gone, and says so for it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLACE, PROCESS = "owner.machine", "owner.process"
"""Tags of an MLflow run: where it is followed, and by which process."""

_PROC = Path("/proc")


def owner_tags() -> dict[str, str]:
    """What a run is tagged with when this process follows it; nothing where /proc is not there."""
    place, process = _place(), _process("self")
    return {} if place is None or process is None else {PLACE: place, PROCESS: process}


def is_gone(tags: Mapping[str, str]) -> bool:
    """Whether the process that follows a run has ended.

    Nothing is said of another machine, another container or an earlier boot: their processes
    cannot be seen from here.

    Args:
        tags: of the run.
    """
    if PROCESS not in tags or tags.get(PLACE) != _place():
        return False
    return _process(tags[PROCESS].partition(" ")[0]) != tags[PROCESS]


def end_those_left(client: Any, experiment_id: str) -> list[str]:
    """End as KILLED the running runs of an experiment whose process is gone; gives their ids.

    Args:
        client: an ``MlflowClient``.
        experiment_id: the MLflow experiment.
    """
    place = _place()
    if place is None:
        return []
    query = f"attributes.status = 'RUNNING' and tags.`{PLACE}` = '{place}'"
    left = [r for r in client.search_runs([experiment_id], query) if is_gone(r.data.tags)]
    for run in left:
        client.set_terminated(run.info.run_id, "KILLED")
    return [run.info.run_id for run in left]


def _place() -> str | None:
    """The machine, its boot and the space in which the numbers of processes count."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return None
    return f"{socket.gethostname()} {boot} {space}"


def _process(number: str) -> str | None:
    """A process's number and the clock tick at which it began; None where there is none.

    Numbers are used again; the two together are not.
    """
    try:
        text = (_PROC / number / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *numbers = text.rpartition(")")[2].split()
    if state in ("Z", "X"):
        return None
    return f"{os.getpid() if number == 'self' else number} {numbers[18]}"
