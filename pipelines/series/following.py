"""How far the trainings have come: bars in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.series.trainings import Ended, Training
from pipelines.training.history import FILE

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LOOK = 1.0  # seconds between two looks at the histories
_LINE = 30.0  # seconds between two plain lines of a run that goes on


class Clock:
    """Estimates the time that is left from the trainings that have ended.

    Args:
        total: how many trainings there are to run.
        at_once: how many run at a time.
    """

    def __init__(self, total: int, at_once: int) -> None:
        self.total = total
        self.at_once = at_once
        self.seconds: list[float] = []

    def left(self) -> str:
        """Says how long it will take, from the mean of those that have ended."""
        rest = self.total - len(self.seconds)
        if not self.seconds or not rest:
            return ""
        mean = sum(self.seconds) / len(self.seconds)
        minutes = mean * rest / min(self.at_once, rest) / 60
        return f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"


class Lines:
    """Tells of each start and end, and now and then of the epochs, on the standard error stream.

    Args:
        clock: estimates the time that is left.
        epochs: of every run; None where they are not known.
    """

    def __init__(self, clock: Clock, epochs: int | None) -> None:
        self.clock = clock
        self.epochs = epochs
        self._due = 0.0
        self._told: dict[str, int] = {}

    def started(self, training: Training) -> None:
        """Tells that a training was started."""
        self.say(f"{training.name}: started, log {training.log}")
        self._due = time.monotonic() + _LINE

    def running(self, trainings: Sequence[Training]) -> None:
        """Tells of new epochs, every half minute."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _LINE
        for training in trainings:
            epoch = last_epoch(training)
            if epoch != self._told.get(training.name, 0):
                self._told[training.name] = epoch
                of = f" of {self.epochs}" if self.epochs else ""
                self.say(f"{training.name}: epoch {epoch}{of}")

    def ended(self, ended: Ended) -> None:
        """Tells how a training ended."""
        self.finish(ended.training, ended_line(ended, self.clock))

    def finish(self, training: Training, line: str) -> None:
        """Tells of the end of a training by a line."""
        self.say(line)

    def given_up(self, trainings: Sequence[Training]) -> None:
        """Tells which trainings are not started."""
        self.say(given_up_line(trainings))

    def say(self, line: str) -> None:
        """Tells a line."""
        print(line, file=sys.stderr, flush=True)


class Bars:
    """A bar for each training that runs, below one of all, on the standard error stream.

    Args:
        clock: estimates the time that is left.
        epochs: of every run; None where they are not known.
        progress: draws the bars.
    """

    def __init__(self, clock: Clock, epochs: int | None, progress: Progress) -> None:
        self.clock = clock
        self.epochs = epochs
        self.progress = progress
        self._all = progress.add_task("runs", total=clock.total, unit="")
        self._tasks: dict[str, TaskID] = {}
        self._due = 0.0

    def started(self, training: Training) -> None:
        """Adds the bar of a training."""
        name, total = training.name, self.epochs
        self._tasks[name] = self.progress.add_task(name, total=total, unit="epochs")

    def running(self, trainings: Sequence[Training]) -> None:
        """Moves the bars."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _LOOK
        for training in trainings:
            self.progress.update(self._tasks[training.name], completed=last_epoch(training))

    def ended(self, ended: Ended) -> None:
        """Tells how a training ended."""
        self.finish(ended.training, ended_line(ended, self.clock))

    def finish(self, training: Training, line: str) -> None:
        """Takes the bar of a training away and tells of its end by a line."""
        self.progress.remove_task(self._tasks.pop(training.name))
        self.say(line)
        self.progress.advance(self._all)

    def given_up(self, trainings: Sequence[Training]) -> None:
        """Tells which trainings are not started."""
        self.say(given_up_line(trainings))

    def say(self, line: str) -> None:
        """Tells a line above the bars."""
        self.progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def following(total: int, at_once: int, epochs: int | None) -> Iterator[Lines | Bars]:
    """Gives what tells a person how far the trainings have come.

    Args:
        total: how many there are to run.
        at_once: how many run at a time.
        epochs: of every run; None where they are not known.
    """
    clock = Clock(total, at_once)
    if not sys.stderr.isatty():
        yield Lines(clock, epochs)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), "{task.fields[unit]}")
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        yield Bars(clock, epochs, progress)


def last_epoch(training: Training) -> int:
    """Gives the last epoch in a run's history; 0 before the first, and where none are counted."""
    try:
        lines = (training.folder / FILE).read_text(encoding="utf-8").splitlines()
        return int(float(lines[-1].split(",")[lines[0].split(",").index("epoch")]))
    except (OSError, ValueError, IndexError):
        return 0


def ended_line(ended: Ended, clock: Clock) -> str:
    """Says how a training ended, how many have, and how long the others will take."""
    if ended.code:
        clock.total -= 1
        return f"{ended.training.name}: FAILED: {ended.error} (log {ended.training.log})"
    clock.seconds.append(ended.seconds)
    count = f"{len(clock.seconds)} of {clock.total} done"
    took = f"{ended.seconds / 60:.1f} min" if ended.seconds >= 60 else f"{ended.seconds:.0f} s"
    return f"{ended.training.name}: done in {took}; {count}{clock.left()}"


def given_up_line(trainings: Sequence[Training]) -> str:
    """Says which trainings are not started, and why."""
    names = ", ".join(training.name for training in trainings)
    return f"two failed by the same error before their first epoch, so not started: {names}"
