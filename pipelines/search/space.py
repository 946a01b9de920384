"""The space of a search: which settings are drawn, and from what.

A JSON file names them: ``{"learning_rate": {"low": 1e-4, "high": 1e-2, "log": true}, "optimizer":
{"choices": [...]}}``. A name is a top-level one, or an id such as ``network_def::head::dropout``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai.bundle.utils import ID_SEP_KEY

from pipelines.errors import InputError

if TYPE_CHECKING:
    from optuna.trial import Trial

VARIANT = "variant"
"""The name in a space whose choices are variants of the bundle."""

_FORM = '{"low": …, "high": …} or {"choices": […]}'


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included.

    Attributes:
        low: the smallest.
        high: the largest.
        log: whether their logarithms are drawn evenly.
        step: between two numbers; None for any number between, of whole ones for 1.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all are whole numbers, and are handed on as such."""
        return all(isinstance(each, int) for each in (self.low, self.high, self.step or 1))

    @property
    def first(self) -> float:
        """One of the numbers."""
        return self.low

    def as_float(self) -> Range:
        """Gives the same range of numbers that need not be whole."""
        step = None if self.step is None else float(self.step)
        return Range(float(self.low), float(self.high), self.log, step)

    def draw(self, trial: Trial, name: str) -> float:
        """Lets Optuna draw a number."""
        if self.is_whole:
            low, high, step = int(self.low), int(self.high), int(self.step or 1)
            return trial.suggest_int(name, low, high, step=step, log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def value(self, drawn: Any) -> Any:
        """Gives the setting that Optuna's value stands for."""
        return drawn

    def plain(self) -> dict[str, Any]:
        """Gives it as the file holds it."""
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}


@dataclass(frozen=True)
class Choices:
    """One of several values.

    Attributes:
        values: of any kind that JSON has.
    """

    values: tuple[Any, ...]

    @property
    def first(self) -> Any:
        """One of the values."""
        return self.values[0]

    @property
    def labels(self) -> list[str]:
        """What Optuna knows the values by: it stores texts, not components."""
        return [label_of(value) for value in self.values]

    def draw(self, trial: Trial, name: str) -> str:
        """Lets Optuna draw the label of a value."""
        return str(trial.suggest_categorical(name, self.labels))

    def value(self, drawn: Any) -> Any:
        """Gives the setting that Optuna's value stands for."""
        return self.values[self.labels.index(drawn)]

    def plain(self) -> dict[str, Any]:
        """Gives it as the file holds it."""
        return {"choices": list(self.values)}


Space = Mapping[str, Range | Choices]


def label_of(value: Any) -> str:
    """Gives a short text that tells a value from others.

    Examples:
        >>> label_of("adam"), label_of(3), label_of({"_target_": "torch.optim.SGD"})
        ('adam', '3', '{"_target_":"torch.optim.SGD"}')
    """
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def read_space(path: Path) -> dict[str, Range | Choices]:
    """Reads a space; whether a bundle has what it names, is not known here.

    Args:
        path: a JSON file.

    Raises:
        InputError: it cannot be read, or an entry is no range and no list of choices; names file
            and entry.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise InputError(
            f"--space {path} cannot be read ({error.strerror or error}); expected a JSON file of "
            "the settings to search"
        ) from None
    except ValueError as error:
        raise InputError(f"--space {path} cannot be read as JSON: {error}") from None
    if not isinstance(content, dict) or not content:
        raise InputError(
            f'{path} names no settings; expected such as {{"learning_rate": {{"low": 0.0001, '
            '"high": 0.01, "log": true}}'
        )
    space: dict[str, Range | Choices] = {}
    for name, entry in content.items():
        key = name.replace("#", ID_SEP_KEY)
        if key in space:
            raise InputError(f"{path}: {name} stands there twice")
        space[key] = _parameter(f"{path}: {name}", entry)
    return space


def plain(space: Space) -> dict[str, Any]:
    """Gives a space as JSON holds it, so that two can be compared."""
    return {name: space[name].plain() for name in sorted(space)}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands there twice")
    return dict(pairs)


def _parameter(where: str, entry: Any) -> Range | Choices:
    if not isinstance(entry, dict) or not {"low", "high", "choices"} & set(entry):
        raise InputError(f"{where} is {label_of(entry)}; expected {_FORM}")
    known = {"choices"} if "choices" in entry else {"low", "high", "log", "step"}
    further = sorted(set(entry) - known)
    if further:
        raise InputError(
            f"{where} has {further[0]!r}, which is unknown beside {sorted(known)[0]!r}; expected "
            f"{_FORM}" + ("" if "choices" in entry else ", with log and step if wanted")
        )
    return _choices(where, entry["choices"]) if "choices" in entry else _range(where, entry)


def _choices(where: str, values: Any) -> Choices:
    if not isinstance(values, list) or len(values) < 2:
        raise InputError(f"{where}: choices is {label_of(values)}; expected a list of two or more")
    chosen = Choices(tuple(values))
    twice = next((each for each in chosen.labels if chosen.labels.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{where}: the choice {twice} stands there twice; name each once")
    return chosen


def _range(where: str, entry: Mapping[str, Any]) -> Range:
    for end in ("low", "high"):
        if not _is_number(entry.get(end)):
            raise InputError(f"{where}: {end} is {label_of(entry.get(end))}; expected a number")
    low, high, log, step = entry["low"], entry["high"], entry.get("log", False), entry.get("step")
    if low >= high:
        raise InputError(f"{where}: low is {low}, high is {high}; expected high above low")
    if not isinstance(log, bool):
        raise InputError(f"{where}: log is {label_of(log)}; expected true or false")
    if log and low <= 0:
        raise InputError(f"{where}: low is {low}; a logarithmic range begins above 0")
    if step is None:
        return Range(low, high, log)
    if log:
        raise InputError(f"{where}: log and step exclude one another; leave one out")
    if not _is_number(step) or not 0 < step <= high - low:
        raise InputError(
            f"{where}: step is {label_of(step)}; expected a number above 0, at most {high - low}"
        )
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-6:
        last = low + math.floor(steps) * step
        raise InputError(
            f"{where}: steps of {step} lead from {low} to {last:g}, not to {high}; give such a high"
        )
    return Range(low, high, False, step)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
