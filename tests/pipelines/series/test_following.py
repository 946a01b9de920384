from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.series.following import Bars, Clock, Lines, ended_line, following, last_epoch
from pipelines.series.trainings import Ended, Training


@pytest.fixture
def run(tmp_path: Path) -> Training:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "history.csv").write_text("loss,epoch\n0.5,1\n0.4,2\n")
    return Training("fold0-seed0", ["train"], tmp_path / "run", tmp_path / "log")


def test_the_last_epoch_is_read_from_the_history(run: Training) -> None:
    assert last_epoch(run) == 2
    (run.folder / "history.csv").write_text("loss,epoch\n")
    assert last_epoch(run) == 0
    (run.folder / "history.csv").unlink()
    assert last_epoch(run) == 0


def test_the_time_that_is_left_is_that_of_the_mean(run: Training) -> None:
    clock = Clock(total=5, at_once=2)
    assert clock.left() == ""
    first = ended_line(Ended(run, 0, 300, ""), clock)
    assert first == "fold0-seed0: done in 5.0 min; 1 of 5 done, about 10 min left"
    failed = ended_line(Ended(run, 1, 9, "Error: no room"), clock)
    assert failed == f"fold0-seed0: FAILED: Error: no room (log {run.log})"
    assert ended_line(Ended(run, 0, 20, ""), clock).startswith("fold0-seed0: done in 20 s; 2 of 4")


def test_plain_lines_tell_start_epochs_and_end(
    run: Training, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.series.following._LINE", 0)
    with following(1, 1, 24) as listener:
        assert isinstance(listener, Lines)
        listener.started(run)
        listener.running([run])
        listener.running([run])
        listener.ended(Ended(run, 0, 3, ""))
        listener.given_up([run])
    lines = [
        f"fold0-seed0: started, log {run.log}",
        "fold0-seed0: epoch 2 of 24",
        "fold0-seed0: done in 3 s; 1 of 1 done",
        "two failed by the same error before their first epoch, so not started: fold0-seed0",
    ]
    assert capsys.readouterr().err.splitlines() == lines


def test_a_terminal_gets_bars(
    run: Training, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with following(1, 1, 24) as listener:
        assert isinstance(listener, Bars)
        listener.started(run)
        listener.running([run])
        assert [task.completed for task in listener.progress.tasks] == [0, 2]
        listener.ended(Ended(run, 0, 3, ""))
        assert [task.completed for task in listener.progress.tasks] == [1]
        listener.given_up([run])
    told = capsys.readouterr().err
    assert "fold0-seed0: done in 3 s; 1 of 1 done" in told
    assert "so not started: fold0-seed0" in told
