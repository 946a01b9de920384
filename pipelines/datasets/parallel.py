"""One function over many jobs on all cores, in the order of the jobs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

from pipelines.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkersKilledError(InputError):
    """A worker was killed from outside, as happens when memory runs out."""


_CHUNK = 8  # jobs sent at once: small enough to spread the load, large enough to cost no time


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

    Leaving the block, by an exception or Ctrl-C too, waits for the running jobs and drops the
    others, so that nothing works on behind the caller's back.

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
    pool = ProcessPoolExecutor(workers, initializer=_prepare_worker)
    try:
        # The processes start here, before the caller starts any thread of a progress bar.
        yield pool.map(function, jobs, chunksize=chunk)
    except BrokenProcessPool:
        raise WorkersKilledError(
            "a worker process was killed, perhaps because memory ran out; try fewer with --workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    """Leaves Ctrl-C to the parent, and makes the worker end when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """Waits for the parent's end, then ends this process at once."""
    wait([sentinel])
    os._exit(1)
