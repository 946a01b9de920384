"""Whether two runs came to the same: weights, history, cases and scores, to the last digit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from pipelines.errors import InputError, first_line
from pipelines.training.classification_results import UNCALIBRATED
from pipelines.training.embedding_baseline import CANDIDATES
from pipelines.training.history import FILE as HISTORY
from pipelines.training.operating_point import OPERATING_POINT
from pipelines.training.run_folder import MODEL
from pipelines.training.scoring import CASES, SCORES
from pipelines.training.segmentation_results import REGIONS
from pipelines.training.tracked_results import CALIBRATION
from pipelines.training.weights import UNREADABLE

TABLES = {
    HISTORY: "epoch",
    CANDIDATES: "strength",
    CASES: "id",
    f"{UNCALIBRATED}.csv": "id",
    REGIONS: "id",
}
"""Tables that a run may leave, and the column that names a row."""

_NOT_RESULTS = ("seconds", "command")  # how long it took, and where it lies


class Comparison(NamedTuple):
    """One result of two runs.

    Attributes:
        name: the file.
        equal: whether both are the same.
        text: how they differ.
    """

    name: str
    equal: bool
    text: str


def compare_runs(before: Path, after: Path) -> list[Comparison]:
    """Compare the results of two runs' folders.

    Args:
        before: a run's folder.
        after: that of the run which should be its equal.

    Returns:
        A line for the weights, for each table that either has, and for the scores.

    Raises:
        InputError: a file is damaged.
    """
    tables = [name for name in TABLES if _is_any(name, before, after)]
    files = [
        name for name in (OPERATING_POINT, CALIBRATION, SCORES) if _is_any(name, before, after)
    ]
    return [
        _weights(before / MODEL, after / MODEL),
        *(_table(name, before / name, after / name) for name in tables),
        *(_json(name, before / name, after / name) for name in files),
    ]


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """One hash of weights, of 64 hexadecimal digits: of names, types, shapes and every bit.

    Args:
        state: a state dict.
    """
    whole = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def _is_any(name: str, *folders: Path) -> bool:
    return any((folder / name).is_file() for folder in folders)


def _weights(before: Path, after: Path) -> Comparison:
    missing = _missing(before, after)
    if missing:
        return Comparison(MODEL, False, missing)
    one, other = _state(before), _state(after)
    digests = state_digest(one), state_digest(other)
    if digests[0] == digests[1]:
        return Comparison(MODEL, True, f"sha256 {digests[0]}")
    if {k: v.shape for k, v in one.items()} != {k: v.shape for k, v in other.items()}:
        return Comparison(MODEL, False, "weights of another network")
    gaps = {name: _gap(one[name], other[name]) for name in one}
    widest = max(gaps, key=lambda name: gaps[name])
    changed = sum(not torch.equal(one[name], other[name]) for name in one)
    text = f"{changed} of {len(one)} tensors differ, at most by {gaps[widest]:.3g} ({widest})"
    return Comparison(MODEL, False, text)


def _gap(one: torch.Tensor, other: torch.Tensor) -> float:
    if one.numel() == 0:
        return 0.0
    return float((one.double() - other.double()).abs().max())


def _state(path: Path) -> dict[str, torch.Tensor]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise InputError(f"{path} cannot be read ({first_line(error)}); train again") from error


def _table(name: str, before: Path, after: Path) -> Comparison:
    missing = _missing(before, after)
    if missing:
        return Comparison(name, False, missing)
    one, other = _rows(before), _rows(after)
    if list(one) != list(other):
        odd = sorted({*map(str, one)} ^ {*map(str, other)})
        return Comparison(name, False, f"other columns: {', '.join(odd) or 'their order'}")
    if len(one) != len(other):
        return Comparison(name, False, f"{len(one)} rows, then {len(other)}")
    if one.equals(other):
        return Comparison(name, True, f"{len(one)} rows")
    different = one != other
    first = int(different.any(axis="columns").to_numpy().argmax())
    column = str(different.iloc[first].idxmax())
    key = TABLES[name]
    return Comparison(
        name,
        False,
        f"{int(different.any(axis='columns').sum())} of {len(one)} rows differ, first at {key} "
        f"{one[key].iloc[first]}: {column} was {one[column].iloc[first]}, is "
        f"{other[column].iloc[first]}",
    )


def _rows(path: Path) -> pd.DataFrame:
    """A table as text, so that nothing is rounded."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({first_line(error)}); train again") from error
    return table.drop(columns=list(_NOT_RESULTS), errors="ignore")


def _json(name: str, before: Path, after: Path) -> Comparison:
    missing = _missing(before, after)
    if missing:
        return Comparison(name, False, missing)
    one, other = (dict(_leaves(_content(path), "")) for path in (before, after))
    odd = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    if not odd:
        return Comparison(name, True, f"{len(one)} values")
    first = odd[0]
    verb = "value differs" if len(odd) == 1 else "values differ"
    text = f"{len(odd)} {verb}, first {first}: was {one.get(first)}, is {other.get(first)}"
    return Comparison(name, False, text)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: value for key, value in content.items() if key not in _NOT_RESULTS}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path} cannot be read ({first_line(error)}); train again") from error


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping | list) and node:
        pairs = node.items() if isinstance(node, Mapping) else enumerate(node)
        for key, value in pairs:
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, node


def _missing(before: Path, after: Path) -> str:
    gone = [str(path) for path in (before, after) if not path.is_file()]
    return f"{' and '.join(gone)} missing" if gone else ""
