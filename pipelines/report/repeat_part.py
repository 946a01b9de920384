"""How to repeat what a report tells: commands, seeds, versions and hashes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import pipelines
from pipelines.evaluation.case_files import CASES_FILE
from pipelines.file_hash import sha256_of
from pipelines.report.model_part import model_hash
from pipelines.report.sources import CROSSVAL, SCORES, Member, Sources

_RUN_ID = re.compile(r"[0-9a-f]{32}")  # of MLflow, which only a rerun takes


def repeat_part(sources: Sources) -> dict[str, Any]:
    """Gathers what a repetition needs.

    Returns:
        ``commands`` (title and command), ``seeds``, ``versions`` (library to version; empty where
        they were not recorded), ``hashes`` (what to SHA-256 or digest), ``machine``, ``commit``,
        ``started`` (of the first training), ``mlflow`` (run to its id), ``med2d`` (version that
        wrote the report), ``recorded`` (whether the runs recorded what they began from).
    """
    record = sources.first.files.get("record", {})
    seeds = sources.crossval.get("seeds") or [sources.first.seed]
    return {
        "commands": [{"title": title, "command": text} for title, text in _commands(sources)],
        "seeds": list(seeds),
        "versions": dict(record.get("libraries", {})),
        "hashes": _hashes(sources, record),
        "machine": dict(record.get("machine", {})),
        "commit": record.get("commit"),
        "started": record.get("started"),
        "mlflow": {
            member.name: str(member.files["mlflow"]["run_id"])
            for member in sources.members
            if "run_id" in member.files.get("mlflow", {})
        },
        "med2d": pipelines.__version__,
        "recorded": bool(record),
    }


def _commands(sources: Sources) -> list[tuple[str, str]]:
    found = []
    place = shlex.quote(str(sources.name))
    if sources.kind == CROSSVAL:
        found.append(("The cross-validation", str(sources.crossval.get("command", ""))))
    else:
        record = sources.first.files.get("record", {})
        if record.get("command"):
            found.append(("The training", _plain(record["command"])))
        if sources.first.scores.get("command"):
            found.append(("The scores of the trained model", sources.first.scores["command"]))
        if record:
            found.append(("The run again, with a check of data and code", f"med2d rerun {place}"))
    if not _RUN_ID.fullmatch(sources.name):
        found.append(("The scores from the table of cases alone", f"med2d score {place}"))
    return [(title, text) for title, text in found if text]


def _plain(command: str) -> str:
    """Gives a command without the place of its Python."""
    words = shlex.split(command)
    words[0] = words[0].rpartition("/")[2]
    return shlex.join(words)


def _hashes(sources: Sources, record: Mapping[str, Any]) -> dict[str, str]:
    digest = sources.first.config.get("dataset_digest") or sources.crossval.get("dataset_digest")
    found = {"dataset": str(digest)} if digest else {}
    if record:
        found["source code"] = str(record["code"]["digest"])
        found["bundle"] = str(record["bundle"]["digest"])
        files = record.get("files", {}).items()
        found |= {name: str(each["sha256"]) for name, each in files if "sha256" in each}
    several = len(sources.members) > 1
    for name, value in model_hash(sources).items():
        found[f"model.pt of {name}" if several else "model.pt"] = value
    for member in sources.members:
        found |= _results(member, several)
    return found


def _results(member: Member, several: bool) -> dict[str, str]:
    ending = f" of {member.name}" if several else ""
    paths = [member.folder / name for name in (CASES_FILE, SCORES)]
    return {f"{path.name}{ending}": sha256_of(path) for path in paths if path.is_file()}
