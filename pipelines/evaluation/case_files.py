"""Tables of cases of this project and of others, read into one form.

A table of ours (cases.csv) has every column; of another program's a few are enough: ``class`` and
``predicted`` or ``p_<class>`` for a classification, any of ``dice``, ``iou``, … for a segmentation,
``dice_<class>`` of two classes or more for one of several classes.
Columns that no score needs are kept as text: subgroups are made of them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation.cases import FLAGS, LEAKY, SEGMENTATION_COLUMNS, SHARE, is_leaky
from pipelines.evaluation.class_maps import IMAGE_SCORES, class_map_columns, score_column
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.segmentation_statistics import PRESENCE, available_scores, has_lesion

CLASSIFICATION, SEGMENTATION = "classification", "segmentation"
CASES_FILE = "cases.csv"

_TEXT = ("id", "group", "class", FLAGS)
_NUMBERS = tuple(name for name in SEGMENTATION_COLUMNS if name not in (*_TEXT, "fold", LEAKY))
_SHARES = ("dice", "iou", "precision", "recall")
_ROUNDED = 0.01
"""How far a probability may be from what it was before it was written with few digits."""

_WITHIN = {
    "found_lesions": ("lesions", "predicted_lesions"),
    "tp": ("lesion_area", "predicted_area"),
    "fn": ("lesion_area",),
    "fp": ("predicted_area",),
}
"""Counts, and those that they are a part of."""

_OF_SEGMENTATION = ("dice", "iou", "tp", "false_positive", "found_lesions")


class Cases(NamedTuple):
    """Cases of one or several files.

    Attributes:
        task: ``classification`` or ``segmentation``.
        labels: class names in the order of the columns of probabilities, or of the scores of a
            segmentation of several classes; () for a segmentation of lesions.
        table: ``id``, ``group``, what the scores need as numbers, further columns as text; sorted
            by id.
        grouped: whether the files say what the groups are; else each image is its own.
        named: whether the files name the images; else their lines do.
        leaky: whether any case is of a split that leaks on purpose.
    """

    task: str
    labels: tuple[str, ...]
    table: pd.DataFrame
    grouped: bool
    named: bool
    leaky: bool


def read_case_files(paths: Sequence[Path]) -> Cases:
    """Reads and pools tables of cases.

    Args:
        paths: CSV files, or folders that hold a ``cases.csv``.

    Raises:
        InputError: a file cannot be read, is of no known task, or of another than the first; a cell
            cannot be used; an id stands twice.
    """
    files = [case_file(path) for path in paths]
    tables = [_read(file) for file in files]
    task = _task(tables[0], files[0])
    labels = _labels(tables[0], files[0]) if task == CLASSIFICATION else _map_labels(tables[0])
    for table, file in zip(tables[1:], files[1:], strict=True):
        _check_like_first(table, file, tables[0], files[0])
        further = _labels(table, file) if task == CLASSIFICATION else _map_labels(table)
        labels = _joined_labels(labels, further, file, files[0])
    typed = [_typed(t, f, task, labels) for t, f in zip(tables, files, strict=True)]
    _check_ids(typed, files)
    pooled = pd.concat(typed, ignore_index=True)
    words = [name for name in _names(pooled) if name not in numeric_columns(task, labels)]
    pooled[words] = pooled[words].fillna("")
    return Cases(
        task,
        labels,
        pooled.sort_values("id", ignore_index=True),
        all("group" in table for table in tables),
        all("id" in table for table in tables),
        is_leaky(pooled),
    )


def case_file(path: Path) -> Path:
    """Gives the file that a path means: itself, or ``cases.csv`` in a folder.

    Raises:
        InputError: there is none.
    """
    file = path / CASES_FILE if path.is_dir() else path
    if not file.is_file():
        what = f"the folder {path} holds no {CASES_FILE}" if path.is_dir() else f"{path} is no file"
        raise InputError(f"{what}; give a table of cases, such as the {CASES_FILE} of a run")
    return file


def read_columns(path: Path) -> pd.DataFrame:
    """Reads a table of further columns, all as text, with ``id`` as its index.

    Raises:
        InputError: it cannot be read, lacks ``id``, or an id stands twice.
    """
    table = _read(path)
    if "id" not in table:
        raise InputError(f"{path} lacks the column id, which joins it with the cases")
    twice = table.loc[table["id"].duplicated(), "id"]
    if len(twice):
        raise InputError(f"{path}: id {twice.iloc[0]!r} stands twice; expected each image once")
    return table.set_index("id")


def _read(path: Path) -> pd.DataFrame:
    """Reads a CSV file as text, by the numbers of its lines; an empty cell is ""."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            lines = [(reader.line_num, cells) for cells in reader if cells]
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a UTF-8 table with commas: {error}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    if not header:
        raise InputError(f"{path} is not a UTF-8 table with commas: it has no header")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path} holds the column {twice[0]!r} twice; expected each once")
    if not lines:
        raise InputError(f"{path} holds no cases; expected a line for each image")
    _check_widths(lines, header, path)
    numbers, rows = zip(*lines, strict=True)
    return pd.DataFrame(list(rows), index=list(numbers), columns=header, dtype=str)


def _check_widths(
    lines: Sequence[tuple[int, Sequence[str]]], header: Sequence[str], path: Path
) -> None:
    """Refuses a line with more or fewer cells than the header: which are which is not known."""
    for line, cells in lines:
        if len(cells) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells; expected {len(header)}, as in the "
                "header. A decimal comma makes two cells of one: write a point"
            )


def _names(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns]


def _task(table: pd.DataFrame, path: Path) -> str:
    """Recognises the task by the columns."""
    answers = "predicted" in table or any(name.startswith(PREFIX) for name in _names(table))
    outlines = any(name in table for name in _OF_SEGMENTATION) or bool(_map_labels(table))
    if "class" in table and answers and not outlines:
        return CLASSIFICATION
    if outlines and not answers:
        return SEGMENTATION
    raise InputError(
        f"{path} has the columns {', '.join(_names(table))}; expected class with predicted or "
        f"{PREFIX}<class> (classification), or some of {', '.join(_OF_SEGMENTATION)} (segmentation)"
    )


def _labels(table: pd.DataFrame, path: Path) -> tuple[str, ...]:
    """Infers the class names from the columns of probabilities, without any from the cells."""
    named = tuple(name.removeprefix(PREFIX) for name in _names(table) if name.startswith(PREFIX))
    found = set(table["class"]) | (set(table["predicted"]) if "predicted" in table else set())
    if not named:
        return tuple(sorted(found - {""}))
    if len(named) == 1:
        others = sorted(found - {*named, ""})
        if len(others) != 1:
            raise InputError(
                f"{path} has {PREFIX}{named[0]} alone; expected one other class in its cells, "
                f"found {', '.join(others) or 'none'}; give a column {PREFIX}<class> for each"
            )
        return (*others, *named)
    return named


def _map_labels(table: pd.DataFrame) -> tuple[str, ...]:
    """Gives the class names of the columns ``dice_<class>``; none where there are not two."""
    start = score_column(IMAGE_SCORES[0], "")
    found = tuple(name.removeprefix(start) for name in _names(table) if name.startswith(start))
    return found if len(found) > 1 else ()


def _joined_labels(
    labels: tuple[str, ...], further: tuple[str, ...], path: Path, first: Path
) -> tuple[str, ...]:
    if set(labels) != set(further):
        raise InputError(
            f"{path} has the classes {', '.join(further)} and {first} {', '.join(labels)}; "
            "expected the same"
        )
    return labels


def _check_like_first(table: pd.DataFrame, path: Path, first: pd.DataFrame, place: Path) -> None:
    """Refuses to pool files of two tasks, or files of which one lacks what another has."""
    task, expected = _task(table, path), _task(first, place)
    if task != expected:
        raise InputError(f"{path} is of a {task} and {place} of a {expected}; score each alone")
    needed = [*_SHARES, *_NUMBERS, "predicted", "id", "group"]
    probabilities = {name for name in (*_names(table), *_names(first)) if name.startswith(PREFIX)}
    needed += sorted(probabilities)
    for name in needed:
        if (name in table) != (name in first):
            with_it, without = (path, place) if name in table else (place, path)
            raise InputError(
                f"{with_it} has the column {name} and {without} has not; expected the same in both"
            )


def numeric_columns(task: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Names the columns that scores are computed from, and ``leaky``: they hold numbers.

    Args:
        task: ``classification`` or ``segmentation``.
        labels: as in ``Cases``.
    """
    if task == CLASSIFICATION:
        return (*(PREFIX + name for name in labels), LEAKY)
    return (*(_map_numbers(labels) if labels else _NUMBERS), LEAKY)


def _map_numbers(labels: Sequence[str]) -> dict[str, bool]:
    """Names the columns of numbers of a map of several classes; tells which are shares."""
    columns = class_map_columns(labels)
    texts = (*_TEXT, "fold", LEAKY)
    return {name: column is SHARE for name, column in columns.items() if name not in texts}


def _typed(table: pd.DataFrame, path: Path, task: str, labels: Sequence[str]) -> pd.DataFrame:
    """Gives the table with ids, groups, and numbers where the scores need them."""
    table = table.copy()
    if "id" not in table:
        table.insert(0, "id", [f"{path}, line {line}" for line in table.index])
    if "group" not in table:
        table.insert(1, "group", table["id"])
    for name in ("id", "group"):
        _refuse(table[name] == "", table[name], path, name, "a name")
    for name in (name for name in numeric_columns(task, labels) if name in table):
        may_be_empty = task == SEGMENTATION
        share = task == SEGMENTATION and bool(labels) and _map_numbers(labels).get(name, False)
        table[name] = _numbers(table[name], path, name, may_be_empty, share)
    if task == CLASSIFICATION:
        return _with_answers(table, path, labels)
    if labels:
        return table
    return _with_lesions(table, path)


def _numbers(
    cells: pd.Series, path: Path, name: str, may_be_empty: bool, share: bool = False
) -> pd.Series:
    """Parses a column of numbers: shares from 0 to 1, flags or counts."""
    share = share or name.startswith(PREFIX) or name in _SHARES
    flag = name in ("false_positive", LEAKY)
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    empty = (cells == "") & (may_be_empty or flag)
    good = (numbers >= 0) & (numbers <= 1 if share or flag else np.isfinite(numbers))
    if not share:
        good &= numbers == numbers.round()
    words = (
        "a number from 0 to 1" if share else "0 or 1" if flag else "a whole number of at least 0"
    )
    _refuse(~(good | empty), cells, path, name, words + (", or nothing" if may_be_empty else ""))
    return numbers.fillna(0) if name == LEAKY else numbers


def _with_answers(table: pd.DataFrame, path: Path, labels: Sequence[str]) -> pd.DataFrame:
    """Completes probabilities and predictions, and checks the class names."""
    expected = f"one of {', '.join(labels)}"
    _refuse(~table["class"].isin(labels), table["class"], path, "class", expected)
    columns = [PREFIX + name for name in labels]
    given = [name for name in columns if name in table]
    if len(given) == 1:
        (missing,) = set(columns) - set(given)
        table[missing] = 1 - table[given[0]]
    if given:
        sums = table[columns].sum(axis=1)
        bad = (sums - 1).abs() > _ROUNDED * len(columns)
        _refuse(bad, _shown(sums), path, " + ".join(columns), "a sum of 1")
    if "predicted" not in table:
        best = table[columns].to_numpy(dtype=float).argmax(axis=1)
        table["predicted"] = np.array(labels, dtype=object)[best]
    _refuse(~table["predicted"].isin(labels), table["predicted"], path, "predicted", expected)
    return table


def _with_lesions(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Checks that something can be scored, and that no image with a lesion lacks its score."""
    if not available_scores(table):
        raise InputError(
            f"{path} has too few columns for any score; expected {', '.join(_SHARES)}, or tp, fp "
            "and fn"
        )
    known = next((names for names in PRESENCE if set(names) <= set(table.columns)), ())
    for name in known:
        words = "a whole number: it tells whether the image has a lesion"
        _refuse(table[name].isna(), _shown(table[name]), path, name, words)
    _check_parts(table, path)
    lesion = has_lesion(table)
    for name in (name for name in ("dice", "iou", "recall") if name in table):
        words = f"a number: the image has a lesion ({name} 0 where nothing was predicted)"
        _refuse(lesion & table[name].isna(), _shown(table[name]), path, name, words)
    if "false_positive" in table:
        alarms = table["false_positive"]
        words = "0 or 1: the image has no lesion"
        _refuse(~lesion & alarms.isna(), _shown(alarms), path, "false_positive", words)
        words = "nothing in an image with a lesion; tell by a column lesions which these are"
        _refuse(
            lesion & alarms.notna() & (not known), _shown(alarms), path, "false_positive", words
        )
    return table


def _check_parts(table: pd.DataFrame, path: Path) -> None:
    """Refuses counts that are larger than what they are a part of."""
    for name, wholes in _WITHIN.items():
        for whole in (whole for whole in wholes if {name, whole} <= set(table.columns)):
            bad = table[name] > table[whole]
            words = f"at most {whole}, which is {_first(table[whole], bad)}"
            _refuse(bad, _shown(table[name]), path, name, words)


def _first(numbers: pd.Series, which: pd.Series) -> str:
    return f"{numbers[which].iloc[0]:g}" if which.any() else ""


def _shown(numbers: pd.Series) -> pd.Series:
    """Writes numbers for a message; an empty cell is ""."""
    return numbers.map(lambda number: "" if np.isnan(number) else f"{number:g}")


def _refuse(bad: pd.Series, cells: pd.Series, path: Path, name: str, expected: str) -> None:
    """Raises for the first bad cell."""
    if bad.any():
        line = bad.index[bad][0]
        raise InputError(f"{path}, line {line}: {name} is {cells[line]!r}; expected {expected}")


def _check_ids(tables: Sequence[pd.DataFrame], files: Sequence[Path]) -> None:
    """Refuses an id that stands twice, in one file or in two."""
    first: dict[str, Path] = {}
    for table, file in zip(tables, files, strict=True):
        repeated = table["id"].duplicated()
        if repeated.any():
            name = table.loc[repeated, "id"].iloc[0]
            raise InputError(f"{file}: id {name!r} stands twice; {_once(table)}")
        both = [name for name in table["id"] if name in first]
        if both:
            raise InputError(
                f"{first[both[0]]} and {file} both hold {_listed(both)}; expected each image "
                "once: score them apart, or compare them by med2d compare"
            )
        first |= dict.fromkeys(table["id"], file)


def _once(table: pd.DataFrame) -> str:
    """Says what was expected; of a cross-validation with several seeds what to give instead."""
    seeds = sorted(table["seed"].unique()) if "seed" in table else []
    if len(seeds) < 2:
        return "expected each image once"
    return (
        f"the table holds {len(seeds)} seeds ({', '.join(map(str, seeds))}). Give the runs of one "
        f"of them, such as fold*-seed{seeds[0]} beside it; scores.json has the scores of each"
    )


def _listed(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in ids[:5])
    return f"the id(s) {shown}" + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
