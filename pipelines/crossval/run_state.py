"""How far each run of a cross-validation has come, and whether it is still the same run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pipelines.crossval.plan import Member, Plan
from pipelines.errors import InputError
from pipelines.series.overrides import MAY_CHANGE
from pipelines.training.run_folder import CONFIG, DIGEST, recorded
from pipelines.training.scoring import CASES, SCORES

_NOT_COMPARED = {
    *MAY_CHANGE,
    *("fold", "seed", "output_dir", "resume", "overwrite", "dataset_dir"),
    *("imports", "initialize", "run", "finalize", "leaky", DIGEST),
    *("precision", "labels", "colours", "normalisation", "operating_point"),  # as they were found
}


class State(Enum):
    """How far a run has come."""

    FINISHED = "finished"
    STOPPED = "stopped"
    WAITING = "waiting"


def states_of(plan: Plan) -> dict[Member, State]:
    """Tells how far each run has come; nothing is written.

    Raises:
        InputError: the folder of one holds something else, or a run with other settings or data.
    """
    return {member: _state(plan, member) for member in plan.members}


def _state(plan: Plan, member: Member) -> State:
    folder = member.folder
    if not folder.exists():
        return State.WAITING
    if not (folder / CONFIG).is_file():
        if folder.is_dir() and all(path.name.startswith(".") for path in folder.iterdir()):
            return State.WAITING
        raise InputError(f"{folder} holds other files and no run; choose another folder by -o")
    config = recorded(folder)
    is_finished = all((folder / name).is_file() for name in (SCORES, CASES))
    _check_same(config, plan, member, is_finished)
    return State.FINISHED if is_finished else State.STOPPED


def _check_same(config: Mapping[str, Any], plan: Plan, member: Member, is_finished: bool) -> None:
    """Refuses a run that is not what the plan would train."""
    if config.get(DIGEST) != plan.dataset_digest:
        raise InputError(
            f"the run in {member.folder} was trained on another content or other folds of the "
            f"dataset than {plan.dataset_dir} has now; choose another folder by -o"
        )
    expected = {**plan.config, "fold": member.fold, "seed": member.seed}
    compared = (set(config) | set(expected)) - _NOT_COMPARED | {"fold", "seed"}
    if not is_finished:  # a training goes on with the same words only
        compared |= {"dataset_dir"}
    other = sorted(key for key in compared if config.get(key) != expected.get(key))
    if other:
        key = other[0]
        raise InputError(
            f"the run in {member.folder} was started with another {key}"
            f"{_shown(config.get(key), expected.get(key))}; give the settings of before, or choose "
            "another folder by -o"
        )


def _shown(before: Any, now: Any) -> str:
    """Says both values where they are short."""
    short = all(isinstance(each, str | int | float | None) for each in (before, now))
    return f" ({before}, now {now})" if short else ""
