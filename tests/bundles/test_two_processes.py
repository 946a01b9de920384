"""Several processes train and score as one does, go on after a loss, and end together in words."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from mlflow.tracking import MlflowClient
from monai.bundle import run

from pipelines.bundles import bundle_root
from pipelines.training.lost_process import MESSAGE as LOST
from scripts.check_gpus import TRIALS, check, configs, environment, make_dataset, torchrun, words

pytestmark = pytest.mark.slow

NAME = "breast_us_segmentation"
ROOT = Path(__file__).resolve().parents[2]
SOON = 120
"""Seconds within which a training ends whose processes cannot go on."""
STEADY = {
    **TRIALS[NAME].small,
    "network_def::norm": "instance",
    "network_def::dropout": 0.0,
    "precision": "float32",
    "optimizer::_target_": "torch.optim.SGD",  # Adam's steps make rounding large
    "learning_rate": 0.05,
    "num_workers": 0,
    "epochs": 12,
}
"""What neither sees the other images of its batch nor draws random numbers: there two processes
with a batch of 2 take the steps of one with a batch of 4."""


@pytest.mark.parametrize("bundle", TRIALS)
def test_several_processes_score_as_one(bundle: str, tmp_path: Path) -> None:
    findings = check(bundle, tmp_path, processes=2, cpu=True)
    assert len(findings) == 4
    assert [each for each in findings if not each.holds] == []


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folds of seven images; do not write into it."""
    return make_dataset(NAME, tmp_path_factory.mktemp("data"), 2)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with one MLflow store."""
    return tmp_path_factory.mktemp("work")


def given(folder: Path, dataset: Path, **overrides: Any) -> dict[str, Any]:
    return {**STEADY, "dataset_dir": str(dataset), "output_dir": str(folder), **overrides}


@contextmanager
def started(
    folder: Path, dataset: Path, options: tuple[str, ...] = (), **overrides: Any
) -> Iterator[subprocess.Popen[str]]:
    """Two processes that train; whatever is left of them at the end is killed."""
    command = [*torchrun(NAME, 2, options), *words(given(folder, dataset, **overrides))]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder.parent,
            env=environment(cpu=True),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ended(folder: Path, dataset: Path, **overrides: Any) -> tuple[int, str]:
    """The exit code of a training by two processes, and all that it said."""
    with started(folder, dataset, **overrides) as process:
        code = process.wait(timeout=300)
    return code, (folder.parent / f"{folder.name}.log").read_text()


def runs_of(work: Path) -> list[str]:
    """The statuses of all MLflow runs of a working folder."""
    client = MlflowClient(f"sqlite:///{work / 'mlflow.db'}")
    ids = [each.experiment_id for each in client.search_experiments()]
    return sorted(each.info.status for each in client.search_runs(ids))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "model.pt", weights_only=True)


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["network"]


@pytest.fixture(scope="module")
def whole(work: Path, dataset: Path) -> Path:
    """A training by two processes."""
    code, told = ended(work / "whole", dataset)
    assert code == 0, told[-3000:]
    return work / "whole"


def test_two_processes_take_the_steps_of_one_with_twice_the_batch(
    whole: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    twice = 2 * STEADY["batch_size"]
    run(config_file=configs(NAME, "train"), **given(tmp_path / "one", dataset, batch_size=twice))
    one, two = (pd.read_csv(f / "history.csv") for f in (tmp_path / "one", whole))
    losses = ["train_loss", "val_loss"]
    assert (one[losses] - two[losses]).abs().max().max() < 1e-4
    assert one["val_loss"].iloc[0] - one["val_loss"].iloc[-1] > 0.01  # it learns
    first, second = last_weights(tmp_path / "one"), last_weights(whole)
    assert max(float((first[k] - second[k]).abs().max()) for k in second) < 1e-3  # rounding


def test_a_killed_process_ends_the_other_and_the_run_goes_on(
    whole: Path, dataset: Path, work: Path
) -> None:
    killed = work / "killed"
    with started(killed, dataset) as process:
        _wait_for(killed / "checkpoint.pt", process)
        second = _process_of_rank(process.pid, 1)
        os.kill(second, signal.SIGKILL)
        assert process.wait(timeout=SOON) != 0
    told = (work / "killed.log").read_text()
    assert re.search(r"rank +: 1 .*\n.*exitcode +: -9", told), told[-3000:]
    assert not (killed / "scores.json").exists()
    code, told = ended(killed, dataset, resume="true")
    assert code == 0, told[-3000:]
    assert all(torch.equal(v, weights(killed)[k]) for k, v in weights(whole).items())
    assert (whole / "cases.csv").read_bytes() == (killed / "cases.csv").read_bytes()
    assert runs_of(work) == ["FINISHED", "FINISHED"]


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 300
    while not path.is_file():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end, "the run did not reach its first epoch"
        time.sleep(0.02)


def _process_of_rank(launcher: int, rank: int) -> int:
    """The process that ``torchrun`` has started for a rank."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    for child in children:
        variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        if f"RANK={rank}".encode() in variables:
            return int(child)
    raise AssertionError(f"no process of rank {rank} among {children}")


def test_one_process_does_not_go_on_with_what_two_began(
    whole: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch, error_line: Any
) -> None:
    monkeypatch.chdir(whole.parent)
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    with pytest.raises(RuntimeError) as caught:
        run(config_file=configs(NAME, "train"), **given(whole, dataset, resume="true"))
    told = error_line(caught.value)
    assert "is trained by 2 processes and cannot go on with 1 process: start it by torc" in told
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_what_one_process_cannot_go_on_with_ends_both_in_a_line(
    dataset: Path, tmp_path: Path
) -> None:
    """The second process alone meets a loss that is no number; the first waits for it."""
    wrong = "$lambda pred, label: pred.mean() * (float('nan') if idist.get_rank() == 1 else 1.0)"
    code, told = ended(tmp_path / "run", dataset, loss=wrong, epochs=1)
    assert code != 0
    assert "[rank1]: Error: the training loss is nan in epoch 1" in told, told[-3000:]
    assert f"[rank0]: Error: {LOST}" in told and "[rank0]: Traceback" not in told, told[-6000:]
    assert "traceback : Error: the training loss is nan" in told
    assert runs_of(tmp_path) in (["FAILED"], ["KILLED"])


SRUN = """#!/bin/bash
# In place of SLURM's: the machines are two launchers of this one.
[ "$1" = --kill-on-bad-exit=1 ] && shift
export SLURM_NTASKS=2 SLURM_LOCALID=0
SLURM_PROCID=0 SLURM_NODEID=0 "$@" & first=$!
SLURM_PROCID=1 SLURM_NODEID=1 "$@" & second=$!
wait $first && wait $second
"""
SCONTROL = """#!/bin/bash
printf '127.0.0.1\\nlocalhost\\n'
"""


def _slurm(folder: Path) -> dict[str, str]:
    """The environment of a job of two machines; their programs stand in ``folder``."""
    folder.mkdir()
    for name, text in {"srun": SRUN, "scontrol": SCONTROL}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {
        **environment(cpu=True),
        "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SLURM_JOB_ID": str(os.getpid()),  # the port depends on it
        "SLURM_JOB_NODELIST": "machine[1-2]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_SUBMIT_DIR": str(folder.parent),
        "PROCESSES": "1",
    }


def test_the_job_of_a_cluster_trains_on_two_machines(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "bundles").symlink_to(bundle_root(NAME).parent, target_is_directory=True)
    shutil.copytree(dataset, tmp_path / "dataset")
    options = words(given(Path("run"), Path("dataset"), epochs=1))
    script = str(ROOT / "scripts" / "train.sbatch")
    done = subprocess.run(
        ["bash", script, f"bundles/{NAME}", *options],
        cwd=tmp_path,
        env=_slurm(tmp_path / "slurm"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pd.read_csv(tmp_path / "run" / "cases.csv")) == 7
    assert runs_of(tmp_path) == ["FINISHED"]
    record = (tmp_path / "run" / "record.json").read_text()
    assert '"processes": 2' in record
