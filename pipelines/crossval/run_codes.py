"""Which code the runs of a cross-validation are of, and whether it is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.training.code_digest import code_files, digest_of
from pipelines.training.git_commit import git_commit
from pipelines.training.record_check import code_name
from pipelines.training.run_record import FILE, read_record

_DIGITS = 12  # of a digest that is shown


def codes_of(runs: Iterable[Path]) -> list[dict[str, Any]]:
    """Gives the code that each run was begun with, and that by which it went on.

    Args:
        runs: folders of runs; those that are not there, or have no record, are passed over.

    Returns:
        An entry for each code, in the order of the runs: ``digest`` (of all its files), ``name``
        (version and commit; None of a code that only went on with a run) and ``runs`` (names).

    Raises:
        InputError: a record cannot be read.
    """
    codes: dict[str, dict[str, Any]] = {}
    for run in runs:
        if not (run / FILE).is_file():
            continue
        record = read_record(run)
        first = record["code"]["digest"]
        for digest in dict.fromkeys((first, *(each["code"] for each in record["resumed"]))):
            code = codes.setdefault(digest, {"digest": digest, "name": None, "runs": []})
            code["name"] = code["name"] or (code_name(record) if digest == first else None)
            code["runs"].append(run.name)
    return list(codes.values())


def code_now(runs: Sequence[str]) -> dict[str, Any]:
    """Gives this code as ``codes_of`` would of runs that are begun now.

    Args:
        runs: their names.
    """
    name = code_name({"med2d": __version__, "commit": git_commit()})
    return {"digest": digest_of(code_files()), "name": name, "runs": list(runs)}


def mixed_code_text(codes: Sequence[Mapping[str, Any]]) -> str:
    """Says that runs are of several codes, and which; "" where they are of one.

    Args:
        codes: what ``codes_of`` gave.
    """
    if len({code["digest"] for code in codes}) < 2:
        return ""
    told = "; ".join(f"{', '.join(code['runs'])} of {_shown(code)}" for code in codes)
    return (
        f"the runs are not of one code, so they may differ by more than fold and seed: {told}. "
        "med2d rerun RUN --check names the files that differ"
    )


def _shown(code: Mapping[str, Any]) -> str:
    digest = f"code {code['digest'][:_DIGITS]}"
    return f"{code['name']} ({digest})" if code["name"] else digest
