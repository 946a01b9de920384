"""What a search leaves: a row for each trial, and the best one as a variant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from filelock import FileLock
from monai.bundle.utils import ID_SEP_KEY
from rich.table import Table

from pipelines import __version__
from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY
from pipelines.errors import InputError
from pipelines.search.plan import Plan, search_command
from pipelines.search.space import Choices, Range
from pipelines.search.storage import FILE, without_password
from pipelines.search.study import (
    EPOCHS,
    ERROR,
    FOLDER,
    LOCKS,
    LOST,
    SAME,
    SECONDS,
    WITHDRAWN,
    run_name,
)
from pipelines.search.trial_run import write_json
from pipelines.series.commands import bundle_command
from pipelines.series.overrides import MAY_CHANGE

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

TRIALS, BEST, RECORD = "trials.csv", "best_variant.json", "search.json"
"""The files in the folder of a search."""

_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
_LONGEST = 40  # letters of a setting in the table on the terminal


def check_folder(plan: Plan) -> None:
    """Refuses a folder that holds something else than this search.

    Raises:
        InputError: it does, or its record cannot be read.
    """
    folder = plan.folder
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another folder by -o")
    path = folder / RECORD
    if not path.is_file():
        others = [] if not folder.is_dir() else [p for p in folder.iterdir() if not _is_left(p)]
        if others:
            raise InputError(f"{folder} holds other files and no search; choose another by -o")
        return
    try:
        record = pd.read_json(path, typ="series", convert_dates=False, dtype=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); choose another by -o") from None
    now = {"study": plan.study, "storage": _storage(plan)}
    for name, value in now.items():
        if record.get(name) != value:
            raise InputError(
                f"the search in {folder} has the {name} {record.get(name)}, not {value}; give the "
                "command of before, or choose another folder by -o"
            )


def check_trials(study: Study, plan: Plan) -> None:
    """Refuses a folder with runs of trials that the study does not have.

    Raises:
        InputError: there is such a run; as where the storage was removed, and the runs were not.
    """
    found = [path.name for path in plan.folder.glob("trial[0-9]*")]  # another process may add some
    known = {run_name(trial.number) for trial in study.get_trials(deepcopy=False)}
    others = sorted(set(found) - known)
    if others:
        raise InputError(
            f"{plan.folder / others[0]} is a run that the study {plan.study} knows nothing of; "
            "choose another folder by -o, or remove the run"
        )


def _storage(plan: Plan) -> str:
    """Says where the trials are kept, wherever the folder is seen from."""
    return FILE if plan.has_own_storage else without_password(plan.storage)


def _is_left(path: Path) -> bool:
    """Whether a search that was killed at its start left this."""
    return path.name.startswith((".", FILE, LOCKS))


def trial_rows(study: Study, plan: Plan) -> list[dict[str, Any]]:
    """Gives a row for each trial, as trials.csv holds them."""
    trials = [t for t in study.get_trials(deepcopy=False) if WITHDRAWN not in t.user_attrs]
    return [_row(trial, plan) for trial in trials]


def best_trial(study: Study) -> FrozenTrial | None:
    """Gives the complete trial with the largest value, of equal ones the first; None before any."""
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max(complete, key=lambda t: (t.value, -t.number)) if complete else None


def write_results(study: Study, plan: Plan) -> list[dict[str, Any]]:
    """Writes the files of a search, each whole or not at all.

    Returns:
        The rows, see ``trial_rows``.
    """
    with FileLock(plan.folder / ".results.lock"):  # or an older state could overwrite a newer one
        rows = trial_rows(study, plan)
        columns = ["number", "state", "value", *plan.space, "epochs_run", "seconds", "folder"]
        table = pd.DataFrame(rows, columns=[*columns, "error"]).astype(object)
        write_text(plan.folder / TRIALS, table.to_csv(index=False, lineterminator="\n"))
        best = best_trial(study)
        if best is not None:
            write_json(plan.folder / BEST, plan.variant(best.params, f"{plan.name}_searched"))
        write_json(plan.folder / RECORD, _record(plan, rows, best))
    return rows


def train_command(plan: Plan) -> list[str]:
    """Gives the command that trains the best trial again, and scores the fold that was held out."""
    return bundle_command(
        [plan.files[0], plan.folder / BEST],
        {
            "dataset_dir": plan.dataset_dir,
            **({"seed": plan.seed} if plan.seed else {}),
            **{k: v for k, v in plan.overrides.values.items() if k in ("fold", *MAY_CHANGE)},
        },
    )


def trials_table(rows: list[dict[str, Any]], plan: Plan) -> Table:
    """Gives the trials for the terminal, the best first."""
    table = Table(title=f"{plan.metric} on the validation fold")
    for name in ("trial", "state", "value"):
        table.add_column(name, no_wrap=True)
    for name in (*_short_names(plan), "epochs run", "min"):
        table.add_column(name, overflow="fold")
    order = {"complete": 0, "pruned": 1}
    for row in sorted(rows, key=lambda r: (order.get(r["state"], 2), -(r["value"] or 0.0))):
        value = "-" if row["value"] is None else f"{row['value']:.3f}"
        settings = [_short(row[name], entry) for name, entry in plan.space.items()]
        minutes = "-" if row["seconds"] is None else f"{row['seconds'] / 60:.1f}"
        cells = (row["number"], row["state"], value, *settings, row["epochs_run"] or "-", minutes)
        table.add_row(*map(str, cells))
    return table


def _short_names(plan: Plan) -> list[str]:
    """Gives the last part of each id, where no other one ends in it."""
    last = [name.split(ID_SEP_KEY)[-1] for name in plan.space]
    return [
        end if last.count(end) == 1 else name for end, name in zip(last, plan.space, strict=True)
    ]


def _short(value: Any, entry: Range | Choices) -> str:
    """Gives what was drawn as it fits into a cell; of a component the name alone, if it tells."""
    if isinstance(entry, Choices) and value is not None:
        ends = [_class_name(each) for each in entry.values]
        if len({*ends} - {""}) == len(ends):
            return ends[entry.labels.index(value)]
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _class_name(value: Any) -> str:
    target = value.get("_target_", "") if isinstance(value, Mapping) else ""
    return str(target).rpartition(".")[2]


def _row(trial: FrozenTrial, plan: Plan) -> dict[str, Any]:
    attributes = trial.user_attrs
    folder = attributes.get(FOLDER)
    if folder and Path(folder).parent == plan.folder.absolute():
        folder = Path(folder).name
    error = attributes.get(ERROR)
    if SAME in attributes:
        error = f"the settings of trial {attributes[SAME]}, not trained again"
    return {
        "number": trial.number,
        "state": "lost" if LOST in attributes else _STATES.get(trial.state.name, "waiting"),
        "value": trial.value if trial.state.is_finished() else None,
        **{name: trial.params.get(name) for name in plan.space},
        "epochs_run": attributes.get(EPOCHS),
        "seconds": attributes.get(SECONDS),
        "folder": folder,
        "error": error,
    }


def _record(plan: Plan, rows: list[dict[str, Any]], best: FrozenTrial | None) -> Mapping[str, Any]:
    states = [row["state"] for row in rows]
    found = None
    if best is not None:
        found = {"number": best.number, "value": best.value, "variant": BEST}
    return {
        "med2d": __version__,
        **plan.origin,
        "dataset_dir": plan.dataset_dir,
        LEAKY: plan.dataset.leaky,
        "study": plan.study,
        "storage": _storage(plan),
        "trials": plan.trials,
        "states": {state: states.count(state) for state in sorted(set(states))},
        "best": found,
        "command": search_command(plan),
    }
