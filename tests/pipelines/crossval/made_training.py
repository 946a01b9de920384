"""Trainings that take no time: a process that leaves what a run leaves, or fails, or hangs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from pipelines.crossval.plan import Member, Plan
from pipelines.crossval.run import fold_images
from pipelines.evaluation.classification_scores import classification_scores
from tests.pipelines.evaluation.made_cases import LABELS, classified

SCRIPT = """
import os, pathlib, shutil, sys, time
folder, config, cases, scores, how, resume = sys.argv[1:]
folder = pathlib.Path(folder)
folder.mkdir(parents=True, exist_ok=True)
shutil.copy(config, folder / "config.json")
(folder / "history.csv").write_text("epoch,loss\\n1,0.5\\n2,0.4\\n")
with (folder / "starts").open("a") as file:
    file.write(f"{resume} {os.environ.get('OMP_NUM_THREADS', '')}\\n")
if how == "fail":
    sys.exit("Traceback\\nError: there is no room\\nmore")
while how == "hang":
    time.sleep(0.05)
if how == "slow":
    time.sleep(0.5)
shutil.copy(cases, folder / "cases.csv")
shutil.copy(scores, folder / "scores.json")
"""


def answers(fold: int, seed: int, n: int = 12) -> pd.DataFrame:
    """The cases of a fold, whose answers depend on the seed."""
    table = classified(n, seed=10 * seed + fold)
    return table.assign(
        id=f"fold{fold}_" + table["id"], group=f"f{fold}" + table["group"], fold=fold
    )


def told_scores(cases: pd.DataFrame) -> dict[str, object]:
    """The scores.json of a run with these cases."""
    return {"epoch": 1, "epochs_run": 2, **classification_scores(cases, LABELS, resamples=10)}


def leave_scored(folder: Path, cases: pd.DataFrame) -> Path:
    """Leaves in a folder, which is made, what a run with these cases leaves of its scores."""
    folder.mkdir(parents=True, exist_ok=True)
    cases.to_csv(folder / "cases.csv", index=False)
    (folder / "scores.json").write_text(json.dumps(told_scores(cases)))
    return folder


class Trainings:
    """Gives commands in place of those that train.

    Attributes:
        how: ``fail``, ``hang`` or ``slow`` by the run's name; others end well at once.
        started: names of the runs, in the order in which a command was asked for.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.how: dict[str, str] = {}
        self.started: list[str] = []

    def __call__(self, plan: Plan, member: Member, resume: bool = False) -> list[str]:
        self.started.append(member.name)
        kinds = ("json", "csv", "scores")
        config, cases, scores = (self.scratch / f"{member.name}.{kind}" for kind in kinds)
        config.write_text(json.dumps(recorded_config(plan, member)))
        images = fold_images(plan.dataset, [member.fold])
        made = answers(member.fold, member.seed, len(images))
        made.assign(id=sorted(images)).to_csv(cases, index=False)
        scores.write_text(json.dumps(told_scores(made)))
        files = [str(each) for each in (member.folder, config, cases, scores)]
        how = self.how.get(member.name, "")
        return [sys.executable, "-I", "-S", "-c", SCRIPT, *files, how, str(resume)]


def begun_with(digest: str, *resumed: str) -> dict[str, object]:
    """What of a run's record.json says which code it is of, and by which it went on."""
    code = {"code": {"digest": digest}, "med2d": "0.0.1", "commit": None}
    return {**code, "resumed": [{"code": each} for each in resumed]}


def recorded_config(plan: Plan, member: Member) -> dict[str, object]:
    """What a run of a plan records."""
    own = {"fold": member.fold, "seed": member.seed, "output_dir": str(member.folder)}
    found = {"labels": ["benign", "malignant", "normal"], "precision": "float32"}
    return {**plan.config, **own, **found, "dataset_digest": plan.dataset_digest}
