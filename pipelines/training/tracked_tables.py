"""Scores with their intervals, and the cases, as tables that the MLflow UI shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

PLACE = "tables"
"""Folder of the tables among the artifacts."""
MOST_CASES = 5_000
"""Of a run with more there is no table of cases: the browser would hold it whole."""

_CASES = "cases.csv"
_LOGGED = "mlflow.loggedArtifacts"
_COLUMNS = ("score", "class", "value", "low", "high", "n")


def log_tables(
    client: Any, run_id: str | None, folder: Path, record: Mapping[str, Any], place: str = ""
) -> None:
    """Log a folder's scores and cases as tables; those of an earlier evaluation are replaced.

    ``MlflowClient.log_table`` puts new rows below the old ones, so that the scores of two
    evaluations would stand in one table. The files and the tag are those that it makes.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        folder: holds ``cases.csv``.
        record: of its ``scores.json``.
        place: folder among the artifacts that ``tables`` stands in; "" for the top.
    """
    tables = {"scores": score_table(record)}
    if (folder / _CASES).is_file():
        cases = pd.read_csv(folder / _CASES, encoding="utf-8")
        tables |= {"cases": cases} if len(cases) <= MOST_CASES else {}
    write_tables(client, run_id, tables, place)


def write_tables(
    client: Any, run_id: str | None, tables: Mapping[str, pd.DataFrame], place: str = ""
) -> None:
    """Log tables in the place of earlier ones of their names.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        tables: by name.
        place: folder among the artifacts that ``tables`` stands in; "" for the top.
    """
    paths = []
    for name, table in tables.items():
        paths.append("/".join(filter(None, (place, PLACE, f"{name}.json"))))
        client.log_text(run_id, table.to_json(orient="split", index=False), paths[-1])
    logged = json.loads(client.get_run(run_id).data.tags.get(_LOGGED, "[]"))
    new = [entry for path in paths if (entry := {"path": path, "type": "table"}) not in logged]
    if new:
        client.set_tag(run_id, _LOGGED, json.dumps(logged + new))


def score_table(record: Mapping[str, Any]) -> pd.DataFrame:
    """A row for each score of all images, then for each of a class.

    Args:
        record: of ``scores.json``.

    Returns:
        Columns ``score, class, value, low, high, n``; ``class`` is ``all`` for all images.
    """
    return pd.DataFrame(_rows(record), columns=list(_COLUMNS))


def _rows(record: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for label, entries in {"all": record["scores"], **record.get("by_class", {})}.items():
        for name, entry in entries.items():
            yield (name, label, *(entry[key] for key in _COLUMNS[2:]))
