"""A cross-validation from its plan to its pooled scores."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pipelines.atomic import write_text
from pipelines.crossval.ensemble_bundle import FOLDER as ENSEMBLE
from pipelines.crossval.ensemble_bundle import INFERENCE, write_ensemble
from pipelines.crossval.folder_lock import alone_in
from pipelines.crossval.own_scores import REGIONS
from pipelines.crossval.parent_run import ParentRun
from pipelines.crossval.plan import Member, Plan, crossval_command, training_command
from pipelines.crossval.pooled import Pooled, pool
from pipelines.crossval.record import FILE, check_record, write_record
from pipelines.crossval.run_codes import code_now, mixed_code_text
from pipelines.crossval.run_state import State, states_of
from pipelines.datasets.dataset import LEAKY, Dataset
from pipelines.series.commands import bundle_command
from pipelines.series.following import following
from pipelines.series.trainings import Ended, Training, run_trainings
from pipelines.training.scoring import CASES, SCORES, grouping_text

_LOG = logging.getLogger("med2d")

LOGS = "logs"
"""Folder of the outputs of the trainings."""


class Result(NamedTuple):
    """What a cross-validation came to.

    Attributes:
        record: of crossval.json.
        failed: the trainings that failed.
        scores: of scores.json; None while runs are missing.
    """

    record: dict[str, Any]
    failed: list[Ended]
    scores: dict[str, Any] | None


def cross_validate(plan: Plan, jobs: int = 1) -> Result:
    """Trains the runs that have not ended, and pools the cases of all.

    Nothing is pooled before every run has ended. Ctrl-C and SIGTERM leave all runs so that the same
    plan goes on with them.

    Args:
        plan: the cross-validation.
        jobs: how many train at a time.

    Raises:
        InputError: the folder cannot be used: of another plan, or in use.
        KeyboardInterrupt: by Ctrl-C or SIGTERM.
    """
    _check_folder(plan)
    with alone_in(plan.folder) as lock:
        before = _checked_states(plan)
        record = write_record(plan, before)
        waiting = [member for member, state in before.items() if state is not State.FINISHED]
        if waiting:
            _forget_pooled(plan)
            _warn_mixed(record, waiting)
        parent = ParentRun(plan)
        variables = parent.begin()
        try:
            failed = _train(plan, before, waiting, jobs, variables, lock)
            record = write_record(plan, states_of(plan))
            scores = _pool(plan, parent) if record["finished"] else None
        except KeyboardInterrupt:
            write_record(plan, states_of(plan))
            parent.end("KILLED")
            raise
        except BaseException:
            parent.end("FAILED")
            raise
        parent.end("FINISHED" if scores else "FAILED")
    return Result(record, failed, scores)


def _check_folder(plan: Plan) -> None:
    """Refuses before the folder is made, or a lock put into one of something else."""
    _checked_states(plan)


def _checked_states(plan: Plan) -> dict[Member, State]:
    check_record(plan)
    return states_of(plan)


def _warn_mixed(record: Mapping[str, Any], waiting: Sequence[Member]) -> None:
    """Tells before the first training where the code is another than that of earlier runs."""
    text = mixed_code_text([*record["code"], code_now([member.name for member in waiting])])
    if text:
        _LOG.warning(text)


def _forget_pooled(plan: Plan) -> None:
    """Removes what was pooled of fewer runs: it would stand beside a record of more."""
    for name in (SCORES, CASES, REGIONS):
        with suppress(FileNotFoundError):
            (plan.folder / name).unlink()
    _forget_ensemble(plan)


def _forget_ensemble(plan: Plan) -> None:
    """Removes the bundle of other runs than these."""
    with suppress(FileNotFoundError):
        shutil.rmtree(plan.folder / ENSEMBLE)


def _train(
    plan: Plan,
    states: Mapping[Member, State],
    waiting: Sequence[Member],
    jobs: int,
    variables: Mapping[str, str],
    lock: int,
) -> list[Ended]:
    """Trains what waits; gives those that failed."""
    trainings = [
        Training(
            member.name,
            training_command(plan, member, states[member] is State.STOPPED),
            member.folder,
            plan.folder / LOGS / f"{member.name}.log",
        )
        for member in waiting
    ]
    if not trainings:
        return []
    at_once = min(jobs, len(trainings))
    epochs = plan.config.get("epochs")
    if "baseline" in plan.config or not isinstance(epochs, int):
        epochs = None
    with following(len(trainings), at_once, epochs) as listener:
        ended = run_trainings(trainings, at_once, listener, variables, [lock])
    return [each for each in ended if each.code]


def _pool(plan: Plan, parent: ParentRun) -> dict[str, Any]:
    """Writes the pooled cases, then the scores that are made of them."""
    folders = {seed: [plan.member(fold, seed).folder for fold in plan.folds] for seed in plan.seeds}
    pooled = pool(folders, fold_images(plan.dataset, plan.folds))
    files = [FILE, CASES, SCORES]
    write_text(plan.folder / CASES, pooled.cases.to_csv(index=False, lineterminator="\n"))
    if pooled.regions is not None:
        files.append(REGIONS)
        regions = pooled.regions.to_csv(index=False, lineterminator="\n")
        write_text(plan.folder / REGIONS, regions)
    content = _scores(plan, pooled)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(plan.folder / SCORES, text + "\n")
    parent.log_pooled(pooled, files)
    runs = [member.folder for member in plan.members]
    _forget_ensemble(plan)
    if len(runs) > 1:
        write_ensemble(runs, plan.folder / ENSEMBLE, plan.files[0].parent.parent)
    return json.loads(text)


def fold_images(dataset: Dataset, folds: Collection[int]) -> set[str]:
    """Gives the ids of the images of some folds of a dataset."""
    return {dataset.resolved(item)["id"] for item in dataset.items if item["fold"] in folds}


def _scores(plan: Plan, pooled: Pooled) -> dict[str, Any]:
    return {
        "fold": "pooled" if plan.is_whole else f"pooled of {', '.join(map(str, plan.folds))}",
        "folds": list(plan.folds),
        "folds_of_dataset": len(plan.dataset.folds),
        "seeds": list(plan.seeds),
        LEAKY: plan.dataset.leaky,
        "grouping": grouping_text(plan.dataset),
        "dataset_digest": plan.dataset_digest,
        "command": crossval_command(plan),
        "by_seed": {str(seed): scores for seed, scores in pooled.by_seed.items()},
        "spread": pooled.spread,
        "seeds_together": pooled.together,
    }


def answer_command(plan: Plan) -> list[str] | None:
    """Gives the command that answers a folder of pictures with all runs; None of a single run."""
    if len(plan.members) < 2:
        return None
    options = {"dataset_dir": "pictures", "output_dir": "predictions"}
    return bundle_command([plan.folder / ENSEMBLE / INFERENCE], options)
