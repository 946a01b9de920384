"""Repeat a run from the configuration that it recorded, and say whether it came to the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import run

from pipelines.atomic import write_text
from pipelines.errors import InputError, first_line
from pipelines.training.code_digest import code_files, digest_of
from pipelines.training.machine_record import recorded_threads, usable_device
from pipelines.training.record_check import Finding, code_name
from pipelines.training.run_comparison import Comparison
from pipelines.training.run_folder import CONFIG, MODEL, check_output_dir, recorded
from pipelines.training.scored_fold import scores_fold
from pipelines.training.scoring import CASES, SCORES
from pipelines.training.tracked_results import log_tags
from pipelines.training.tracking_runs import RECORD as TRACKED
from pipelines.training.workflow import readable_cause

FILE = "rerun.json"
"""What was checked before a rerun, and how its results compare."""

_REGISTER = "register"
_FIT = ("batch_size", "precision", "memory_layout")


def check_repeatable(folder: Path, record: Mapping[str, Any]) -> None:
    """Check that a run has ended and was scored, and that one process can repeat it.

    Raises:
        InputError: a result is missing, the run is a trial of a search, or several processes
            trained together.
    """
    missing = [name for name in (MODEL, CASES, SCORES) if not (folder / name).is_file()]
    if missing and not scores_fold(recorded(folder)):
        raise InputError(
            f"the run in {folder} is a trial of a search, which scores none: there is nothing to "
            "compare a rerun with. Train with its settings as a run of its own, and repeat that"
        )
    if missing:
        raise InputError(
            f"the run in {folder} has no {missing[0]}: it did not end. Give the command that "
            "started it with --resume true, and repeat it then"
        )
    if record["processes"] > 1:
        raise InputError(
            f"the run in {folder} was trained by {record['processes']} processes together, which a "
            f"rerun does not start; give its own command with another --output_dir, after "
            f"--check has compared the rest: {record['command']}"
        )


def check_target(folder: Path, out: Path, resume: bool) -> None:
    """Check, before anything that takes time, that a rerun may be written to a folder.

    Raises:
        InputError: it is the run's own folder, or holds something and no resume was asked for.
    """
    if out.resolve() == folder.resolve():
        raise InputError(f"{out} is the run itself; choose another folder by -o")
    if not resume and out.is_dir() and any(out.iterdir()):
        raise InputError(
            f"{out} is not empty; go on with the rerun in it by --resume, or choose another "
            "folder by -o"
        )
    check_output_dir(out, resume, False)


def train_again(
    folder: Path,
    record: Mapping[str, Any],
    places: Mapping[str, Path],
    out: Path,
    resume: bool = False,
) -> None:
    """Train and score as a run did, with what was chosen for its machine, and as many threads.

    Args:
        folder: the run's folder, whose ``config.json`` is run; nothing is written into it.
        record: what ``run_record.read_record`` gave.
        places: where the datasets and files are, by id.
        out: the new run's folder.
        resume: go on with the rerun in it.

    Raises:
        InputError: the run stopped over something that can be mended, or over code that has changed
            since.
    """
    configs = folder / "configs"
    try:
        with recorded_threads(record["machine"]):
            run(
                config_file=[str(folder / CONFIG)],
                meta_file=str(configs / "metadata.json"),
                logging_file=str(configs / "logging.conf"),
                **overrides(record, places, recorded(folder)),
                output_dir=str(out.absolute()),
                resume=resume,
                overwrite=False,
            )
    except Exception as error:
        cause = readable_cause(error)
        if cause is not None:
            raise InputError(str(cause)) from error
        if digest_of(code_files()) == record["code"]["digest"]:
            raise
        raise InputError(
            f"the recorded configuration does not run with this code ({first_line(error)}); the "
            f"run is of {code_name(record)}: install that"
        ) from error


def overrides(
    record: Mapping[str, Any], places: Mapping[str, Path], config: Mapping[str, Any]
) -> dict[str, Any]:
    """What a rerun sets anew: where things are, and what was probed instead of probing it.

    Its model is not registered: it is that of the run.

    Args:
        record: what ``run_record.read_record`` gave.
        places: where the datasets and files are, by id.
        config: that the run recorded.
    """
    given: dict[str, Any] = {name: str(path) for name, path in places.items()}
    given["device"] = usable_device(record["machine"]["device"])
    given |= {_REGISTER: False} if _REGISTER in config else {}
    fit = record["machine_fit"]
    if fit:
        given |= {name: fit[name] for name in _FIT}
    return given


def write_result(
    out: Path, of: str, findings: Sequence[Finding], results: Sequence[Comparison]
) -> dict[str, Any]:
    """Write what was checked and compared into the rerun's folder, and to its MLflow run.

    Args:
        out: the rerun's folder.
        of: the run that was repeated: its folder or MLflow id.
        findings: what was checked before.
        results: how both runs compare.

    Returns:
        The content of ``rerun.json``.
    """
    content = {
        "of": of,
        "equal": all(each.equal for each in results),
        "with_differences": any(each.refuses for each in findings),
        "checks": [each._asdict() for each in findings],
        "results": [each._asdict() for each in results],
    }
    write_text(out / FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    tags = {"rerun_of": of, "rerun_equal": str(content["equal"]).lower()}
    log_tags(out, tags, FILE)
    return content


def tracked_id(folder: Path, name: str) -> str:
    """The MLflow id of a run where it has one, else its name."""
    path = folder / TRACKED
    if not path.is_file():
        return name
    return json.loads(path.read_text(encoding="utf-8"))["run_id"]
