from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.series.trainings import (
    THREADS,
    Ended,
    Training,
    run_trainings,
    shared_threads,
)


class Heard:
    """Notes what happens; kills or interrupts where it is told to."""

    def __init__(self, signal_at: str = "") -> None:
        self.events: list[str] = []
        self.most = 0
        self.signal_at = signal_at

    def started(self, training: Training) -> None:
        self.events.append(f"+{training.name}")

    def running(self, trainings: Sequence[Training]) -> None:
        self.most = max(self.most, len(trainings))
        if any(each.name == self.signal_at and (each.folder).exists() for each in trainings):
            self.signal_at = ""
            os.kill(os.getpid(), signal.SIGTERM)

    def ended(self, ended: Ended) -> None:
        self.events.append(f"-{ended.training.name}")

    def given_up(self, trainings: Sequence[Training]) -> None:
        self.events += [f"x{training.name}" for training in trainings]


def training(folder: Path, name: str, code: str) -> Training:
    command = [sys.executable, "-I", "-S", "-c", code]
    return Training(name, command, folder / name, folder / "logs" / f"{name}.log")


def test_one_after_the_other_each_with_its_log(tmp_path: Path) -> None:
    heard = Heard()
    jobs = [training(tmp_path, name, f"print('I am {name}')") for name in "ab"]
    ended = run_trainings(jobs, 1, heard)
    assert heard.events == ["+a", "-a", "+b", "-b"] and heard.most == 1
    assert [each.code for each in ended] == [0, 0] and [each.error for each in ended] == ["", ""]
    first, second = (tmp_path / "logs" / "a.log").read_text().splitlines()
    assert first.startswith("$ ") and second == "I am a"


def test_two_at_a_time(tmp_path: Path) -> None:
    wait = "import pathlib, time\nwhile len(list(pathlib.Path({!r}).glob('*.on'))) < 2: "
    code = "open({!r}, 'w')\n" + wait.format(str(tmp_path)) + "time.sleep(0.01)"
    jobs = [training(tmp_path, n, code.format(str(tmp_path / f"{n}.on"))) for n in "ab"]
    assert [each.code for each in run_trainings(jobs, 2, Heard())] == [0, 0]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import sys; sys.exit('first\\nError: no room\\nlast')", "Error: no room"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("print('\\x1b[31mred\\x1b[0m'); raise SystemExit(3)", "red"),
        ("raise SystemExit(3)", "ended with code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
    ],
)
def test_a_failure_is_named_by_its_last_error_and_stops_no_other(
    tmp_path: Path, code: str, line: str
) -> None:
    jobs = [training(tmp_path, "a", code), training(tmp_path, "b", "")]
    bad, good = run_trainings(jobs, 1, Heard())
    assert bad.code and bad.error == line and not good.code


@pytest.mark.parametrize(
    ("codes", "events"),
    [
        (["1 / 0", "1 / 0", "", ""], "+a -a +b -b xc xd"),
        (["1 / 0", "", "1 / 0", ""], "+a -a +b -b +c -c xd"),
        (["1 / 0", "raise SystemExit(2)", ""], "+a -a +b -b +c -c"),
        ([f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})"] * 3, "+a -a +b -b +c -c"),
    ],
)
def test_what_fails_alike_before_its_first_epoch_is_not_tried_again(
    codes: list[str], events: str, tmp_path: Path
) -> None:
    heard = Heard()
    run_trainings(
        [training(tmp_path, *each) for each in zip("abcd", codes, strict=False)], 1, heard
    )
    assert heard.events == events.split()


def test_what_fails_after_an_epoch_stops_no_other(tmp_path: Path) -> None:
    heard = Heard()
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.csv").write_text("epoch\n1\n")
    run_trainings([training(tmp_path, name, "1 / 0") for name in "abc"], 1, heard)
    assert heard.events == ["+a", "-a", "+b", "-b", "+c", "-c"]


def test_an_error_of_an_earlier_start_is_not_told_again(tmp_path: Path) -> None:
    (failed,) = run_trainings([training(tmp_path, "a", "1 / 0")], 1, Heard())
    (again,) = run_trainings([training(tmp_path, "a", "raise SystemExit(2)")], 1, Heard())
    assert failed.error.startswith("ZeroDivision") and again.error == "ended with code 2"


def test_sigterm_ends_those_that_run_and_starts_no_more(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    code = f"""
import pathlib, signal, sys, time
def stop(*_):
    pathlib.Path({str(tmp_path / "clean")!r}).touch()
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
pathlib.Path({str(folder)!r}).mkdir()
while True: time.sleep(0.05)
"""
    heard = Heard(signal_at="a")
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run_trainings([training(tmp_path, "a", code), training(tmp_path, "b", "")], 1, heard)
    assert heard.events == ["+a"] and (tmp_path / "clean").exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_variables_reach_the_trainings_and_threads_are_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(THREADS, "6")
    code = "import os; print(os.environ['A'], os.environ['OMP_NUM_THREADS'])"
    run_trainings([training(tmp_path, "a", code)], 2, Heard(), {"A": "x"})
    assert (tmp_path / "logs" / "a.log").read_text().splitlines()[1] == "x 3"


def test_threads_are_divided_among_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    assert shared_threads(1) == {}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert shared_threads(2) == {THREADS: str(max(1, (cores or 1) // 2))}
    assert shared_threads(1000) == {THREADS: "1"}


def test_outside_the_main_thread_it_runs_as_well(tmp_path: Path) -> None:
    done: list[Ended] = []
    jobs = [training(tmp_path, "a", "")]
    thread = threading.Thread(target=lambda: done.extend(run_trainings(jobs, 1, Heard())))
    thread.start()
    thread.join()
    assert [each.code for each in done] == [0]
