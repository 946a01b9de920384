"""SIGTERM raises SystemExit after one line, once, and where nobody else has a use for it."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from pipelines.training.termination import MESSAGE, is_terminated, stop_on_terminate

WORKER = RuntimeError("DataLoader worker (pid 7) is killed by signal: Terminated. ")


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_it_ends_the_process_after_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    stop_on_terminate()
    with pytest.raises(SystemExit) as caught:
        terminate()
    assert caught.value.code == 128 + signal.SIGTERM
    assert capfd.readouterr().err == f"{MESSAGE}\n"
    assert is_terminated(caught.value)


@pytest.mark.parametrize("first", [WORKER, SystemExit(143)])
def test_one_that_comes_during_the_clean_up_changes_nothing(
    first: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    stop_on_terminate()
    try:
        raise first
    except BaseException:
        terminate()
    assert capfd.readouterr().err == ""


def test_one_that_got_lost_is_not_the_last_that_works() -> None:
    stop_on_terminate()
    for _ in range(2):
        with pytest.raises(SystemExit):
            terminate()


def test_during_another_error_it_ends_the_process() -> None:
    stop_on_terminate()
    with pytest.raises(SystemExit):
        try:
            raise ValueError("of some loop's wait")
        except ValueError:
            terminate()


def test_the_end_of_a_loaders_process_is_no_failure_then() -> None:
    failures: list[int] = []
    signal.signal(signal.SIGCHLD, lambda number, frame: failures.append(number))
    stop_on_terminate()
    with pytest.raises(SystemExit):
        terminate()
    os.kill(os.getpid(), signal.SIGCHLD)
    assert not failures


def test_anothers_handler_is_left_alone() -> None:
    seen: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    stop_on_terminate()
    terminate()
    assert seen == [signal.SIGTERM]


def test_outside_the_main_thread_nothing_is_set() -> None:
    thread = threading.Thread(target=stop_on_terminate)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_errors_are_told_apart() -> None:
    wrapped = RuntimeError("Failed to evaluate")
    wrapped.__cause__ = WORKER
    assert is_terminated(wrapped)
    assert not is_terminated(SystemExit(1))
    assert not is_terminated(RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus"))
    assert not is_terminated(None)
