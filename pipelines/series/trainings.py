"""Trainings as processes of their own: some at a time, each with its log, ended together."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Protocol

from pipelines.training.history import FILE

THREADS = "OMP_NUM_THREADS"
"""Of the environment: how many threads a training computes with."""

_PAUSE = 0.2  # seconds between two looks at the processes
_PATIENCE = 60.0  # seconds that a training has to end by itself
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LONGEST = 400


class Training(NamedTuple):
    """A training to be run.

    Attributes:
        name: of the run.
        command: that trains it.
        folder: of the run.
        log: file for its output, which is appended to.
    """

    name: str
    command: Sequence[str]
    folder: Path
    log: Path


class Ended(NamedTuple):
    """How a training ended.

    Attributes:
        training: that ended.
        code: of its process; 0 where all went well.
        seconds: that it took.
        error: the last line of its log that tells of an error; "" where all went well.
    """

    training: Training
    code: int
    seconds: float
    error: str


class Listener(Protocol):
    """Is told what happens."""

    def started(self, training: Training) -> None:
        """A training was started."""

    def running(self, trainings: Sequence[Training]) -> None:
        """Time has passed, and these are running."""

    def ended(self, ended: Ended) -> None:
        """A training has ended."""

    def given_up(self, trainings: Sequence[Training]) -> None:
        """These are not started any more: two others failed alike, before their first epoch."""


@dataclass
class _Running:
    training: Training
    process: subprocess.Popen[bytes]
    start_of_log: int
    started: float = field(default_factory=time.monotonic)


def run_trainings(
    trainings: Sequence[Training],
    at_once: int,
    listener: Listener,
    variables: Mapping[str, str] | None = None,
    kept_open: Sequence[int] = (),
) -> list[Ended]:
    """Runs trainings; one that fails does not stop the others.

    Where a second one fails by the same error before its first epoch, as over a setting or a
    dataset that cannot be used, those that wait are not started.

    Ctrl-C, SIGTERM and any error end those that run, by SIGTERM, and are waited for.

    Args:
        trainings: in the order in which they are started.
        at_once: how many run at a time; with more than one they share the machine's threads.
        listener: is told what happens.
        variables: further ones of the environment of every training.
        kept_open: file descriptors that the trainings inherit.

    Returns:
        How each ended, in the order of their ends.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM.
    """
    environment = {**os.environ, **(variables or {}), **shared_threads(at_once)}
    waiting, active, done = list(trainings), list[_Running](), list[Ended]()
    with interrupted_by_terminate():
        try:
            while waiting or active:
                while waiting and len(active) < at_once:
                    active.append(_start(waiting.pop(0), environment, kept_open))
                    listener.started(active[-1].training)
                for running in [each for each in active if each.process.poll() is not None]:
                    active.remove(running)
                    done.append(_ended(running))
                    listener.ended(done[-1])
                    if waiting and _fails_as_another(done):
                        listener.given_up(waiting)
                        waiting.clear()
                listener.running([each.training for each in active])
                if active:
                    time.sleep(_PAUSE)
        finally:
            _end(active)
    return done


def shared_threads(at_once: int) -> dict[str, str]:
    """Gives what tells each of several trainings how many threads are its own.

    Args:
        at_once: how many run at a time; a single one keeps what it would have alone.

    Returns:
        Variables of the environment; the machine's cores, or the threads that the environment
        allows, are divided evenly.
    """
    if at_once < 2:
        return {}
    given = os.environ.get(THREADS, "")
    threads = int(given) if given.isdigit() else _cores()
    return {THREADS: str(max(1, threads // at_once))}


def _cores() -> int:
    """Gives the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start(
    training: Training, environment: Mapping[str, str], kept_open: Sequence[int]
) -> _Running:
    """Starts a process in a session of its own: Ctrl-C reaches it by us alone, and once."""
    training.log.parent.mkdir(parents=True, exist_ok=True)
    with training.log.open("ab") as log:
        log.write(f"$ {shlex.join(training.command)}\n".encode())
        log.flush()
        start = log.tell()
        process = subprocess.Popen(
            training.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            pass_fds=kept_open,
        )
    return _Running(training, process, start)


def _ended(running: _Running) -> Ended:
    code = running.process.returncode
    error = _error(running, code) if code else ""
    return Ended(running.training, code, time.monotonic() - running.started, error)


def _fails_as_another(done: Sequence[Ended]) -> bool:
    """Whether the last one failed before its first epoch by the error of one before it."""
    *before, last = done
    return (
        last.code > 0
        and not (last.training.folder / FILE).exists()
        and any(each.code > 0 and each.error == last.error for each in before)
    )


def _error(running: _Running, code: int) -> str:
    """Gives the last line that tells of an error, else the last line of the log."""
    with running.training.log.open("rb") as log:
        log.seek(running.start_of_log)
        text = log.read().decode(errors="replace")
    lines = [_TERMINAL.sub("", line).strip() for line in re.split(r"[\r\n]+", text)]
    lines = [line for line in lines if line]
    told = [line for line in lines if re.match(r"(Error|[\w.]*(Error|Exception)): ", line)]
    killed = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return (told or lines or [killed])[-1][:_LONGEST]


def _end(active: Sequence[_Running]) -> None:
    """Ends processes as a scheduler would, so that their runs can go on; the deaf ones by force."""
    for running in active:
        with suppress(ProcessLookupError):
            running.process.terminate()
    limit = time.monotonic() + _PATIENCE
    for running in active:
        try:
            running.process.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()


@contextmanager
def interrupted_by_terminate() -> Iterator[None]:
    """Lets SIGTERM, which a scheduler sends, be as Ctrl-C; the second one changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Callable[[int, FrameType | None], object] | int | None
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
