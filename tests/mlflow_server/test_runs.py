"""Many runs at once, a server that comes and goes, a killed process: no run is mixed up or lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.mlflow_server.conftest import Server
from tests.mlflow_server.made_training import rate, score, train

pytestmark = pytest.mark.slow
FORK = multiprocessing.get_context("fork")  # everything is imported already


def run_id_of(folder: Path) -> str:
    return json.loads((folder / "mlflow.json").read_text())["run_id"]


def check_whole(server: Server, folder: Path, number: int, epochs: int = 4) -> Any:
    """Everything of a run is there once, and nothing of another."""
    run = server.client.get_run(run_id_of(folder))
    assert run.info.status == "FINISHED" and run.info.run_name == folder.name
    points = server.client.get_metric_history(run.info.run_id, "val_f1")
    expected = [(epoch, score(number, epoch)) for epoch in range(1, epochs + 1)]
    assert sorted((point.step, point.value) for point in points) == expected
    rates = server.client.get_metric_history(run.info.run_id, "learning_rate")
    assert {point.value for point in rates} == {rate(number)} and len(rates) == epochs
    assert run.data.params["variant"] == f"made{number}"
    assert run.data.params["seed"] == str(number)
    assert run.data.metrics["score/f1"] == score(number, 0)
    names = {item.path for item in server.client.list_artifacts(run.info.run_id)}
    assert {"config.json", "history.csv", "scores.json", "tables", "configs"} <= names
    return run


def runs_of(server: Server) -> list[Any]:
    experiment = server.client.get_experiment_by_name("made")
    return server.client.search_runs([experiment.experiment_id]) if experiment else []


def test_many_runs_of_many_processes_are_whole_and_apart(server: Server, tmp_path: Path) -> None:
    before = len(runs_of(server))
    folders = [tmp_path / f"run{number}" for number in range(6)]
    processes = [
        FORK.Process(target=train, args=(folder, number)) for number, folder in enumerate(folders)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    for number, folder in enumerate(folders):
        check_whole(server, folder, number)
    assert len({run_id_of(folder) for folder in folders}) == len(folders)
    assert len(runs_of(server)) == before + len(folders)


def test_a_server_that_is_started_again_gets_everything(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(runs_of(server))

    def on_epoch(epoch: int) -> None:
        if epoch == 2:
            server.stop()
        if epoch == 4:
            server.start()

    train(tmp_path / "restarted", 7, epochs=5, on_epoch=on_epoch)
    check_whole(server, tmp_path / "restarted", 7, epochs=5)
    assert len(runs_of(server)) == before + 1
    assert sum("goes on without it" in line for line in caplog.messages) == 1
    assert not any("has not got all" in line for line in caplog.messages)


def test_a_server_that_is_away_at_the_start_gets_one_whole_run(
    server: Server, tmp_path: Path
) -> None:
    before = len(runs_of(server))
    server.stop()
    train(
        tmp_path / "late",
        8,
        on_epoch=lambda epoch: server.start() if epoch == 3 else None,
    )
    check_whole(server, tmp_path / "late", 8)
    assert len(runs_of(server)) == before + 1


def test_a_server_that_is_away_to_the_end_gets_the_run_by_a_resume(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "away"
    train(folder, 9, on_epoch=lambda epoch: server.stop() if epoch == 2 else None)
    (told,) = [line for line in caplog.messages if "has not got all" in line]
    assert "--resume true" in told and str(folder) in told
    server.start()
    run_id = run_id_of(folder)
    assert server.client.get_run(run_id).info.status == "RUNNING"
    train(folder, 9, resume=True)
    assert check_whole(server, folder, 9).info.run_id == run_id


def test_a_killed_run_is_marked_by_the_next_and_its_resume_goes_on_with_it(
    server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    process = FORK.Process(target=train, args=(folder, 3, 1000), kwargs={"seconds": 0.2})
    process.start()
    history = folder / "history.csv"
    end = time.monotonic() + 300
    while not history.is_file() or len(history.read_text().splitlines()) < 4:
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    run_id = run_id_of(folder)
    assert server.client.get_run(run_id).info.status == "RUNNING"
    train(tmp_path / "next", 4)
    assert server.client.get_run(run_id).info.status == "KILLED"
    lines = history.read_text().splitlines()
    history.write_text("\n".join(lines[:3]) + "\n")  # the checkpoint is of the second epoch
    points = server.client.get_metric_history(run_id, "val_f1")
    train(folder, 3, epochs=4, resume=True)
    run = server.client.get_run(run_id)
    assert run_id_of(folder) == run_id and run.info.status == "FINISHED"
    found = {p.step: p.value for p in server.client.get_metric_history(run_id, "val_f1")}
    assert {step: found[step] for step in range(1, 5)} == {
        step: score(3, step) for step in range(1, 5)
    }
    assert len(points) >= 1


def test_a_crash_is_marked(server: Server, tmp_path: Path) -> None:
    def on_epoch(epoch: int) -> None:
        if epoch == 2:
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        train(tmp_path / "crashed", 5, on_epoch=on_epoch)
    assert server.client.get_run(run_id_of(tmp_path / "crashed")).info.status == "FAILED"
    train(tmp_path / "crashed", 5, resume=True)
    check_whole(server, tmp_path / "crashed", 5)
