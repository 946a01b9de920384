"""Progress of long work: a bar in a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int], None]
"""Called with the number done and the total."""

_FIRST = 2.0  # seconds to the first plain line: shorter work needs none
_SECONDS = 5.0  # between two plain lines


@contextmanager
def counting(description: str) -> Iterator[Report]:
    """Shows how far some work has come, on the standard error stream.

    Args:
        description: what is being done, such as ``converting``.

    Yields:
        A function to call with (done, total) after every step.

    Examples:
        >>> with counting("reading") as report:
        ...     for number in range(3):
        ...         report(number + 1, 3)
    """
    if sys.stderr.isatty():
        with _bar(description) as report:
            yield report
    else:
        yield _lines(description)


@contextmanager
def _bar(description: str) -> Iterator[Report]:
    """Draws a bar with the count and the time that is left; it goes when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _lines(description: str) -> Report:
    """Writes a line every few seconds, so that a log shows life without drowning in it."""
    due = time.monotonic() + _FIRST

    def report(done: int, total: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + _SECONDS
            print(f"{description}: {done} of {total}", file=sys.stderr, flush=True)

    return report
