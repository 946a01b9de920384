"""Further columns of a table of cases, such as the device or the patients' age, from another table.

No score is computed from them: they make subgroups, or say what the groups are.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases, numeric_columns, read_columns

_GROUP = "group"


def with_columns(cases: Cases, path: Path) -> Cases:
    """Adds the columns of a table to cases.

    Args:
        cases: what was read.
        path: CSV file with ``id``, a line for each image at least. Its ``group`` makes the groups
            where the cases have none.

    Returns:
        The cases with the new columns, as text.

    Raises:
        InputError: an image or the ids are missing; a column is in both tables and differs; scores
            would be computed from a column; a group has no name.
    """
    further = read_columns(path)
    if not cases.named:
        raise InputError(f"the cases have no column id, which joins them with {path}")
    missing = [name for name in cases.table["id"] if name not in further.index]
    if missing:
        raise InputError(
            f"{path} lacks {len(missing)} of the {len(cases.table)} images, such as "
            f"{missing[0]!r}; expected a line for each id"
        )
    further = further.loc[cases.table["id"]].set_axis(cases.table.index)
    names = [str(name) for name in further]
    new = [name for name in names if name not in cases.table]
    if _GROUP in further and not cases.grouped:
        cases = _with_groups(cases, further[_GROUP], path)
    for name in (name for name in names if name not in new):
        _check_same(cases.table, name, further[name], path)
    for name in new:
        _check_unscored(cases, name, path)
    return cases._replace(table=cases.table.join(further[new]))


def _with_groups(cases: Cases, groups: pd.Series, path: Path) -> Cases:
    unnamed = cases.table.loc[groups == "", "id"]
    if len(unnamed):
        raise InputError(f"{path}: group of {unnamed.iloc[0]!r} is ''; expected a name")
    return cases._replace(table=cases.table.assign(group=groups), grouped=True)


def _check_same(table: pd.DataFrame, name: str, cells: pd.Series, path: Path) -> None:
    """Refuses a column that the cases have with other values: which is meant is not known."""
    own = table[name]
    if pd.api.types.is_numeric_dtype(own):
        numbers = pd.to_numeric(cells, errors="coerce")
        differ = (own != numbers) & ~(own.isna() & (cells == ""))
    else:
        differ = own.astype(str) != cells
    if differ.any():
        raise InputError(
            f"{path} has the column {name}, which the cases have with other values, such as that "
            f"of {table.loc[differ, 'id'].iloc[0]!r}; give it another name, or leave it out"
        )


def _check_unscored(cases: Cases, name: str, path: Path) -> None:
    if name in numeric_columns(cases.task, cases.labels):
        raise InputError(
            f"{path} has the column {name}, from which scores are computed; put it into the table "
            "of cases, or give it another name"
        )
