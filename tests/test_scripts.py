"""The scripts for clusters and GPU machines are sound as far as that can be seen without either."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from monai.bundle import ConfigParser

from pipelines.training.workflow import check_id
from scripts import check_gpus
from tests.linters import program

ROOT = Path(__file__).resolve().parent.parent
SHELL = [ROOT / "scripts" / "train.sbatch", ROOT / ".ci" / "run"]


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    done = subprocess.run([program("shellcheck"), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", ["docs/many_machines.md", "scripts/train.sbatch"])
def test_the_command_of_the_job_gives_settings_of_its_bundle(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (line,) = re.findall(r"(?:sbatch .*)?scripts/train\.sbatch (bundles/.*)", text)
    bundle, *options = shlex.split(line)
    parser = ConfigParser()
    parser.read_config(str(ROOT / bundle / "configs" / "train.json"))
    names = options[::2]
    assert {"--dataset_dir", "--output_dir"} <= set(names)
    for name in names:
        check_id(parser.get(), name.removeprefix("--"))


def test_the_bundles_of_the_check_are_all_of_them() -> None:
    folders = {path.parents[1].name for path in ROOT.glob("bundles/*/configs/train.json")}
    assert set(check_gpus.TRIALS) == folders


def test_a_machine_without_gpus_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert check_gpus.main([]) == 2
    assert capsys.readouterr().err.startswith("Error: no GPU was found, two are needed; --cpu 2")


@pytest.mark.parametrize("words", [["--cpu", "-1"], ["--cpu", "0"], ["--cpu", "1"]])
def test_fewer_than_two_processes_share_nothing(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_gpus.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"Error: --cpu is {words[1]}; two processes are needed, as one shares nothing: --cpu 2\n"
    )


def test_one_gpu_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert check_gpus.main([]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("Error: one GPU was found, two are needed; --cpu")


HISTORY = pd.DataFrame(
    {"epoch": [1, 2, 3], "val_f1": [0.5, 0.75, 0.75], "val_dice": [0.625, np.nan, 0.25]}
)


@pytest.mark.parametrize(
    ("again", "holds"),
    [
        ({"val_f1": 0.75, "val_dice": np.nan}, True),
        ({"val_f1": 0.5, "val_dice": 0.625}, False),  # an epoch that was not kept
        ({"val_f1": 0.75, "val_dice": 0.25}, False),  # NaN on one side
        ({"val_f1": np.nan, "val_dice": np.nan}, False),
        ({"loss": 1.0}, False),
    ],
)
def test_the_validation_is_that_of_the_kept_epoch(again: dict[str, float], holds: bool) -> None:
    assert check_gpus._same_validation(HISTORY, 2, again, 1e-6).holds is holds


def test_a_job_without_a_bundle_says_what_it_needs() -> None:
    job = ROOT / "scripts" / "train.sbatch"
    done = subprocess.run(["bash", str(job)], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("Usage: sbatch scripts/train.sbatch BUNDLE --dataset_dir")


def test_the_job_hands_its_cores_on(tmp_path: Path) -> None:
    """Slurm 22.05 and later give srun one core unless it is told."""
    for name, script in (("srun", 'printf "%s\\n" "$@"'), ("scontrol", "echo gpu01")):
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    job = ROOT / "scripts" / "train.sbatch"
    slurm = {"SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_JOB_NODELIST": "gpu01"}
    slurm |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "1", "SLURM_CPUS_PER_TASK": "12"}
    done = subprocess.run(
        ["bash", str(job), "bundles/a", "--dataset_dir", "d"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **slurm},
        capture_output=True,
        text=True,
    )
    words = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert "--cpus-per-task=12" in words[: words.index("torchrun")]
    assert words[-2:] == ["--dataset_dir", "d"]


@pytest.mark.parametrize("holds", [True, False])
def test_the_verdict_is_that_of_the_findings(
    holds: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = check_gpus.Finding("each image is scored once", holds, "7 cases of 7 images")
    monkeypatch.setattr(check_gpus, "check", lambda *arguments: [finding])
    code = check_gpus.main(["--cpu", "2", "--bundle", "tissue_segmentation"])
    *_, line, verdict = capsys.readouterr().out.splitlines()
    assert code == (0 if holds else 1)
    assert line.startswith("ok  " if holds else "FAIL")
    assert verdict == "verdict: " + (
        "several processes train and score as one" if holds else "they do not"
    )


def test_a_training_that_fails_is_a_verdict_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*arguments: object) -> None:
        raise RuntimeError("torchrun …: no room")

    monkeypatch.setattr(check_gpus, "check", failing)
    assert check_gpus.main(["--cpu", "2", "--bundle", "tissue_segmentation"]) == 1
    assert "no room" in capsys.readouterr().err


def test_the_script_starts_by_its_path() -> None:
    script = str(ROOT / "scripts" / "check_gpus.py")
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--cpu N" in done.stdout
