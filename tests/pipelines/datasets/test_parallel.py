from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.datasets.parallel import cores, mapped
from pipelines.errors import InputError


def square(number: int) -> int:
    time.sleep(0.001 * (number % 3))
    return number * number


def divide(number: int) -> float:
    return 1 / (number - 20)


def die(number: int) -> None:
    os._exit(9)


def process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def blocked(number: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def touch(path: Path) -> None:
    time.sleep(0.02)
    path.touch()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    with mapped(square, range(50), workers) as results:
        assert list(results) == [number * number for number in range(50)]


def test_few_long_jobs_are_spread_by_a_small_chunk() -> None:
    for chunk, here in ((8, True), (1, False)):
        with mapped(process, range(4), 2, chunk) as results:
            numbers, processes = zip(*results, strict=True)
        assert numbers == (0, 1, 2, 3)
        assert (os.getpid() in processes) == here


def test_an_error_in_a_worker_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError), mapped(divide, range(40), 2) as results:
        list(results)


def test_a_killed_worker_is_one_line() -> None:
    with (
        pytest.raises(InputError, match=r"a worker process was killed.* fewer with --workers"),
        mapped(die, range(40), 2) as results,
    ):
        list(results)


def test_nothing_works_on_after_the_block(tmp_path: Path) -> None:
    jobs = [tmp_path / str(number) for number in range(400)]
    with pytest.raises(KeyboardInterrupt), mapped(touch, jobs, 2):
        raise KeyboardInterrupt
    count = len(list(tmp_path.iterdir()))
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) == count < 400


def test_the_block_ends_with_the_job_that_is_running_not_with_its_chunk(tmp_path: Path) -> None:
    jobs = [tmp_path / str(number) for number in range(400)]
    with pytest.raises(KeyboardInterrupt), mapped(touch, jobs, 2, chunk=200):
        raise KeyboardInterrupt
    assert len(list(tmp_path.iterdir())) < 200


class Counted(Sequence[int]):
    """Many jobs, of which the last that was asked for is known."""

    last = 0

    def __len__(self) -> int:
        return 100_000

    def __getitem__(self, places: slice) -> range:  # type: ignore[override]
        self.last = places.stop
        return range(places.start, places.stop)


def test_jobs_are_sent_as_results_are_taken() -> None:
    jobs = Counted()
    with mapped(abs, jobs, 2) as results:
        first = jobs.last
        assert [next(results) for _ in range(20)] == list(range(20))
    assert first < jobs.last < first + 40 < 1000


def test_ctrl_c_does_not_meet_a_worker_that_is_starting() -> None:
    with mapped(blocked, range(40), 2) as results:
        assert all(results)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_no_jobs_no_processes() -> None:
    with mapped(square, [], 4) as results:
        assert list(results) == []
    assert cores() >= 1
