"""crossval.json: which runs a cross-validation has, and of what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.atomic import write_text
from pipelines.crossval.ensemble_bundle import FOLDER as ENSEMBLE
from pipelines.crossval.ensemble_bundle import INFERENCE
from pipelines.crossval.plan import Member, Plan, crossval_command
from pipelines.crossval.run_codes import codes_of
from pipelines.crossval.run_state import State
from pipelines.datasets.dataset import LEAKY
from pipelines.errors import InputError
from pipelines.series.overrides import MAY_CHANGE
from pipelines.training.scoring import SCORES

FILE = "crossval.json"

_NAMED = 3  # runs that a line names

_COMPARED = {
    "bundle": "bundle",
    "variants": "--variant",
    "dataset_digest": "dataset or its folds",
}


def check_record(plan: Plan) -> None:
    """Refuses to go on in the folder of another cross-validation.

    More folds and seeds may be asked for than before: the runs are the same. Fewer may be as long
    as nothing was pooled, or what was pooled of all would be replaced by what is pooled of some.

    Raises:
        InputError: the folder's record tells of another bundle, recipe, dataset or setting, or of
            runs that were pooled and are not asked for, or cannot be read.
    """
    before = read_record(plan.folder)
    if before is None:
        return
    now = _origin(plan)
    for key, name in _COMPARED.items():
        if before.get(key) != now[key]:
            shown = "" if key == "dataset_digest" else f" ({before.get(key)}, now {now[key]})"
            raise InputError(
                f"the cross-validation in {plan.folder} was started with another {name}{shown}; "
                "give the command of before, or choose another folder by -o"
            )
    given, wanted = before.get("overrides", {}), now["overrides"]
    for name in sorted({*given, *wanted} - set(MAY_CHANGE)):
        if given.get(name, _ABSENT) != wanted.get(name, _ABSENT):
            raise InputError(
                f"the cross-validation in {plan.folder} was started with "
                f"{_setting(name, given)}, now with {_setting(name, wanted)}; give the command of "
                "before, or choose another folder by -o"
            )
    _check_pooled(plan, before)


def _check_pooled(plan: Plan, before: Mapping[str, Any]) -> None:
    """Refuses to pool fewer runs than were pooled in the folder."""
    now = {member.name for member in plan.members}
    left_out = [run["folder"] for run in before.get("runs", ()) if run["folder"] not in now]
    if left_out and (plan.folder / SCORES).is_file():
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        folds, seeds = (_text(before[key]) for key in ("folds", "seeds"))
        raise InputError(
            f"{plan.folder} holds the scores, the cases and what answers with all runs of the "
            f"folds {folds} and the seeds {seeds}; without {', '.join(left_out[:_NAMED])}{more} "
            "they would be replaced. Ask for these, too, or choose another folder by -o: runs "
            "whose folders are moved there are not trained again"
        )


def _text(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


_ABSENT = object()


def _setting(name: str, values: Mapping[str, Any]) -> str:
    return f"--{name} {values[name]}" if name in values else f"no --{name}"


def read_record(folder: Path) -> dict[str, Any] | None:
    """Reads the record of a folder; None where it has none.

    Raises:
        InputError: it cannot be read.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); choose another folder by -o") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no record of a cross-validation; choose another folder by -o")
    return content


def write_record(plan: Plan, states: Mapping[Member, State]) -> dict[str, Any]:
    """Writes the record, whole or not at all.

    Args:
        plan: the cross-validation.
        states: how far each run has come.

    Returns:
        What was written: what the runs are of, ``folds``, ``seeds``, ``whole`` (whether every fold
        is scored), ``finished`` (whether every run is), ``runs`` (``folder`` from here, ``fold``,
        ``seed``, ``state`` and of finished ones ``epoch`` and ``epochs_run``), ``code`` (which of
        them are of which, see ``codes_of``), ``ensemble`` (what answers with all of them, see
        ``ensemble_of``) and ``command``.
    """
    finished = all(state is State.FINISHED for state in states.values())
    content = {
        **_origin(plan),
        "folds": list(plan.folds),
        "seeds": list(plan.seeds),
        "folds_of_dataset": len(plan.dataset.folds),
        "whole": plan.is_whole,
        "finished": finished,
        "runs": [_run(member, state) for member, state in states.items()],
        "code": codes_of(member.folder for member in states),
        "ensemble": ensemble_of(plan) if finished else None,
        "command": crossval_command(plan),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_text(plan.folder / FILE, text + "\n")
    return json.loads(text)


def ensemble_of(plan: Plan) -> dict[str, Any] | None:
    """Names what answers with all runs together, from the folder of the cross-validation.

    Returns:
        ``inference`` (the configuration of the bundle of all runs) and ``runs`` (what it is made
        of); None where there is a single run.
    """
    names = [member.name for member in plan.members]
    if len(names) < 2:
        return None
    return {"inference": f"{ENSEMBLE}/{INFERENCE}", "runs": names}


def _origin(plan: Plan) -> dict[str, Any]:
    return {
        "med2d": __version__,
        "bundle": plan.bundle,
        "variants": plan.variants,
        "overrides": json.loads(json.dumps(plan.overrides.values, default=str)),
        "dataset_dir": plan.dataset_dir,
        "dataset_digest": plan.dataset_digest,
        LEAKY: plan.dataset.leaky,
    }


def _run(member: Member, state: State) -> dict[str, Any]:
    content: dict[str, Any] = {
        "folder": member.name,
        "fold": member.fold,
        "seed": member.seed,
        "state": state.value,
    }
    if state is State.FINISHED:
        scores = json.loads((member.folder / SCORES).read_text(encoding="utf-8"))
        content |= {key: scores.get(key) for key in ("epoch", "epochs_run")}
    return content
