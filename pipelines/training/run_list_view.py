"""The run list of the MLflow UI with the columns that tell runs apart.

MLflow keeps what its run list shows in the browser; by itself it shows no parameter at all. A view
that somebody shares lies in a tag of the experiment, and a link opens it: such a one is written
here.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.training.tracked_parameters import TELLING

KEY = "med2d"
"""Of the view, in its link."""

_TAG = f"mlflow.sharedViewState.{KEY}"
_NOTE = "mlflow.note.content"
_KIND = ("mlflow.experimentKind", "custom_model_development")  # else the UI may open as for GenAI
_SCORES = ("score/dice", "score/balanced_accuracy", "score/auroc")


def view_path(experiment_id: str) -> str:
    """The path of the view, to be put after the address of the MLflow UI."""
    return f"/#/experiments/{experiment_id}/runs?viewStateShareKey={KEY}"


def write_view(client: Any, experiment: Any) -> None:
    """Write the view into an experiment, and its link into the description where that is empty.

    Args:
        client: an ``MlflowClient``.
        experiment: the MLflow experiment.
    """
    number = experiment.experiment_id
    shown = list(columns())
    text = json.dumps({"selectedColumns": shown, "columnOrder": shown})
    if experiment.tags.get(_TAG) != text:
        _set(client, number, _TAG, text)
    link = view_path(number).removeprefix("/")
    first = dict([_KIND, (_NOTE, f"[The runs with what tells them apart]({link})")])
    for name, value in first.items():
        if not experiment.tags.get(name):
            _set(client, number, name, value)


def _set(client: Any, number: str, name: str, value: str) -> None:
    """Sets a tag of an experiment, or leaves that which another training has set meanwhile."""
    try:
        client.set_experiment_tag(number, name, value)
    except Exception:  # of two that set it at once, the store refuses one
        if not client.get_experiment(number).tags.get(name):
            raise


def columns() -> tuple[str, ...]:
    """The columns of the view, as MLflow names them."""
    return (
        *(f"params.`{name}`" for name in TELLING),
        *(f"metrics.`{name}`" for name in _SCORES),
        "attributes.`Dataset`",
    )
