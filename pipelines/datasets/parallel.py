"""One function over many jobs on all cores, in the order of the jobs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait
from multiprocessing.synchronize import Semaphore
from typing import TypeVar

from pipelines.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkersKilledError(InputError):
    """A worker was killed from outside, as happens when memory runs out."""


_CHUNK = 8  # jobs sent at once: small enough to spread the load, large enough to cost no time
_AHEAD = 32  # chunks a worker that are sent before their results are asked for: bounds the memory


def cores() -> int:
    """Gives the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def mapped(
    function: Callable[[Job], Result], jobs: Sequence[Job], workers: int, chunk: int = _CHUNK
) -> Iterator[Iterator[Result]]:
    """Starts the workers and gives their results, in the order of the jobs.

    Leaving the block, by an exception or Ctrl-C too, waits for the job that each worker is at and
    drops the others, so that nothing works on behind the caller's back.

    Args:
        function: what to do; it and the jobs must be picklable.
        jobs: what to do it with.
        workers: number of processes; with 1 the work is done in this one.
        chunk: jobs sent at once; 1 where a job takes a good part of a second.

    Yields:
        An iterator of results.

    Raises:
        WorkersKilledError: a worker was killed from outside.
    """
    workers = min(workers, -(-len(jobs) // chunk))
    if workers <= 1:
        yield map(function, jobs)
        return
    stop = multiprocessing.Semaphore(0)
    pool = ProcessPoolExecutor(workers, initializer=_prepare_worker, initargs=(stop,))
    chunks = (jobs[start : start + chunk] for start in range(0, len(jobs), chunk))

    def send(part: Sequence[Job]) -> Future[list[Result]]:
        return pool.submit(_worked_off, function, part)

    try:
        with _ctrl_c_held_back():
            # The processes start here, before the caller starts any thread of a progress bar.
            sent = deque(map(send, islice(chunks, _AHEAD * workers)))
        yield _received(sent, map(send, chunks))
    except BrokenProcessPool:
        raise WorkersKilledError(
            "a worker process was killed, perhaps because memory ran out; try fewer with --workers"
        ) from None
    finally:
        stop.release()
        pool.shutdown(wait=True, cancel_futures=True)


def _received(
    sent: deque[Future[list[Result]]], more: Iterator[Future[list[Result]]]
) -> Iterator[Result]:
    """Gives the results in order; for each chunk that has come back, the next one is sent."""
    while sent:
        results = sent.popleft().result()
        sent.extend(islice(more, 1))
        yield from results


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Holds Ctrl-C back: a worker that it meets before it is prepared would print a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_stop: Semaphore | None = None  # in a worker: free as soon as nobody waits for results any more


def _prepare_worker(stop: Semaphore) -> None:
    """Leaves Ctrl-C to the parent, and makes the worker end when the parent is killed."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _worked_off(function: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]:
    """Does the jobs of a chunk, in a worker, as long as somebody waits for their results."""
    results = []
    for job in jobs:
        if _stop is not None and _stop.acquire(block=False):
            _stop.release()  # for the other workers
            break
        results.append(function(job))
    return results


def _end_with(sentinel: int) -> None:
    """Waits for the parent's end, then ends this process at once."""
    wait([sentinel])
    os._exit(1)
