"""Whether several processes train and score as one does, on the GPUs of this machine.

For each bundle: a short training by ``torchrun`` on made images, one process for each GPU (NCCL);
then one process scores the same fold again with the same weights. The cases must be the same, each
image once, also where the processes do not divide the images; the training must have validated as
one process does; and MLflow must hold one run. The last line is the verdict; the exit code is 0
where all is well, 1 where not, 2 where there are not two GPUs, as one process shares nothing.

Run: python scripts/check_gpus.py [--bundle breast_us_segmentation] [--cpu 2]

With ``--cpu N`` it is N processes on the CPU (gloo), to try the script where no GPU is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from pipelines.bundles import bundle_root
from pipelines.datasets.phantoms import PHANTOMS

ROOT = Path(__file__).resolve().parent.parent
EPOCHS = 2
GPU_TOLERANCE = 0.02
"""Largest difference of a number on GPUs, as a share of it where it is above 1: sums have no fixed
order there, and a pixel may fall to the other side. On the CPU the cases are the same to the last
digit."""
SUM_TOLERANCE = 1e-6
"""Largest difference of a validation's score: several processes add in another order."""
RANKED = ("auroc", "average_precision")
"""Scores of ranks: where a network hardly trained answers nearly the same for all images, rounding
changes them."""


class Trial(NamedTuple):
    """How a bundle is made small.

    Attributes:
        phantoms: what ``med2d phantom`` makes for it.
        options: of the conversion, in place of those that the phantoms name.
        size: pixels of the images' longer side.
        small: overrides that shorten its training.
    """

    phantoms: str
    size: int
    small: dict[str, Any]
    options: str = ""


_CLASSIFIES = {
    **{"image_size": 64, "batch_size": 4, "precision": "float32", "memory_layout": "channels_last"},
}
_NARROW = {"network_def::options": {"width_mult": 0.35}}
TRIALS = {
    "breast_us_classification": Trial(
        "busi", 96, {**_CLASSIFIES, **_NARROW}, "--task classification"
    ),
    "breast_us_segmentation": Trial(
        "busi",
        96,
        {"image_size": 64, "batch_size": 2, "network_def::channels": [4, 4, 8, 8, 16]},
        "--task segmentation",
    ),
    "fetal_plane_classification": Trial(
        "fetal-planes",
        64,
        {**_CLASSIFIES, **_NARROW, "network_def::backbone": "torchvision.mobilenet_v2"},
    ),
    "bone_xray_classification": Trial("bones", 64, {**_CLASSIFIES, "network_def::dense": 8}),
    "tissue_segmentation": Trial(
        "tissue",
        64,
        {
            **{"image_size": 32, "batch_size": 2, "precision": "float32"},
            **{"memory_layout": "channels_last", "network_def::features": [4, 4, 4, 8, 8, 4]},
        },
    ),
}
"""The bundles, and how each is tried."""


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        what: in words.
        holds: whether it is as it must be.
        found: what there was, in words.
    """

    what: str
    holds: bool
    found: str


def make_dataset(bundle: str, folder: Path, processes: int) -> Path:
    """Make phantoms and a dataset of them whose scored and validating folds do not divide evenly.

    Args:
        bundle: a bundle's name.
        folder: where they go.
        processes: by how many the folds must not divide.
    """
    trial = TRIALS[bundle]
    made = PHANTOMS[trial.phantoms]
    count = max(made.enough, 3 * (2 * processes + 1))
    raw, dataset = folder / "raw", folder / "dataset"
    med2d("phantom", made.name, raw, "--count", count, "--size", trial.size, "--workers", 1)
    options = shlex.split(trial.options or made.options)
    folds = ("--folds", 3, "--workers", 1, "--no-audit")
    med2d("convert", made.convert, raw, dataset, *options, *folds)
    leave_uneven(dataset, processes)
    return dataset


def med2d(*words: object) -> None:
    """Run a command of med2d in this process; its own tables are not shown."""
    from click.testing import CliRunner

    from pipelines.cli import main

    done = CliRunner().invoke(main, [str(word) for word in words])
    if done.exit_code:
        raise RuntimeError(f"med2d {' '.join(map(str, words))}: {done.output}")


def leave_uneven(dataset: Path, processes: int) -> None:
    """Take an image of the most frequent class from each fold that the processes divide."""
    path = dataset / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    items = content["training"]
    for fold in sorted({item["fold"] for item in items}):
        members = [item for item in items if item["fold"] == fold]
        kinds = Counter(item.get("class", item["label"]) for item in members)
        if len(members) % processes == 0:
            most = kinds.most_common(1)[0][0]
            items.remove(next(m for m in members if m.get("class", m["label"]) == most))
    path.write_text(json.dumps(content), encoding="utf-8")


def configs(bundle: str, *names: str) -> list[str]:
    """Paths of a bundle's configuration files."""
    return [str(bundle_root(bundle) / "configs" / f"{name}.json") for name in names]


def torchrun(
    bundle: str, processes: int, options: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> list[str]:
    """The beginning of a command that trains a bundle by several processes.

    Args:
        bundle: its name.
        processes: on this machine.
        options: of ``torchrun``; on its own it finds a free port.
        more: further configuration files.
    """
    files = [*configs(bundle, "train", "multi_gpu_train"), *more]
    launch = [sys.executable, "-m", "torch.distributed.run", *(options or ("--standalone",))]
    run = [f"--nproc_per_node={processes}", "-m", "monai.bundle", "run"]
    return [*launch, *run, "--config_file", str(files)]


def words(overrides: Mapping[str, Any]) -> list[str]:
    """Overrides as a command line has them."""
    return [text for name, value in overrides.items() for text in (f"--{name}", str(value))]


def environment(cpu: bool) -> dict[str, str]:
    """The environment of a training: MLflow at its own default, one thread a process on the CPU."""
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    kept |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(ROOT)}
    return {**kept, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"} if cpu else kept


def train(bundle: str, dataset: Path, folder: Path, processes: int, cpu: bool) -> None:
    """Train and score by several processes.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    given = {**TRIALS[bundle].small, "epochs": EPOCHS, "num_workers": 0}
    given |= {"dataset_dir": dataset, "output_dir": folder}
    command = [*torchrun(bundle, processes), *words(given)]
    done = subprocess.run(
        command, cwd=folder.parent, env=environment(cpu), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def check(bundle: str, folder: Path, processes: int, cpu: bool) -> list[Finding]:
    """Train by several processes, score again by one, and compare.

    Args:
        bundle: a bundle's name.
        folder: a working folder.
        processes: how many train.
        cpu: on the CPU, else on GPUs.
    """
    tolerance = 0.0 if cpu else GPU_TOLERANCE
    dataset, run = make_dataset(bundle, folder, processes), folder / "run"
    train(bundle, dataset, run, processes, cpu)
    together = pd.read_csv(run / "cases.csv")
    history = pd.read_csv(run / "history.csv")
    epoch = json.loads((run / "scores.json").read_text(encoding="utf-8"))["epoch"]
    with contextlib.chdir(folder), _visible(cpu):
        score_again(bundle, run)
        validated = validated_again(bundle, run)
    alone = pd.read_csv(run / "cases.csv")
    content = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))
    scored = [Path(i["image"]).stem for i in content["training"] if i["fold"] == 0]
    return [
        _each_image_once(together, scored, processes),
        _same_cases(together, alone, tolerance),
        _same_validation(history, epoch, validated, max(tolerance, SUM_TOLERANCE)),
        _one_mlflow_run(folder),
    ]


@contextlib.contextmanager
def _visible(cpu: bool) -> Iterator[None]:
    """Keep the one process off the GPUs where the several were."""
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    if cpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        yield
    finally:
        if cpu and before is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]
        elif cpu and before is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = before


def score_again(bundle: str, run: Path) -> None:
    """Score a run by this one process; its table is not shown."""
    from monai.bundle import run as run_bundle

    with contextlib.redirect_stdout(io.StringIO()):
        run_bundle(config_file=configs(bundle, "train", "evaluate"), output_dir=str(run))


def validated_again(bundle: str, run: Path) -> dict[str, float]:
    """The validation's scores of a run's best weights, by this one process."""
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(run / "config.json"))
    parser.update(_of_one_process(bundle))
    evaluator = parser.get_parsed_content("validate::evaluator")
    state = torch.load(run / "model.pt", map_location="cpu", weights_only=True)
    network = parser.get_parsed_content("average").network
    inner = {name.removeprefix("network."): value for name, value in state.items()}
    network.load_state_dict({name: inner[name] for name in network.state_dict()})
    evaluator.run()
    return dict(evaluator.state.metrics)


def _of_one_process(bundle: str) -> dict[str, Any]:
    """What ``multi_gpu_train.json`` changed, as ``train.json`` has it."""
    (train_file,) = configs(bundle, "train")
    own = json.loads(Path(train_file).read_text(encoding="utf-8"))
    return {name: own[name] for name in ("device", "network", "initialize")}


def _each_image_once(cases: pd.DataFrame, scored: list[str], processes: int) -> Finding:
    holds = sorted(cases["id"].astype(str)) == sorted(scored)
    found = f"{len(cases)} cases of {len(scored)} images by {processes} processes"
    return Finding("each image is scored once", holds, found)


def _same_cases(together: pd.DataFrame, alone: pd.DataFrame, tolerance: float) -> Finding:
    one, other = (table.sort_values("id", ignore_index=True) for table in (together, alone))
    what = "one process scores the same"
    numbers = one.select_dtypes("number").columns
    texts = one.columns.difference(numbers)
    if list(one.columns) != list(other.columns) or not one[texts].equals(other[texts]):
        return Finding(what, False, "other images, groups or classes")
    apart = (one[numbers] - other[numbers]).abs() / one[numbers].abs().clip(lower=1)
    difference = float(apart.max().max())
    same_gaps = one[numbers].isna().equals(other[numbers].isna())
    found = f"largest difference of a number {difference:.2g}"
    return Finding(what, same_gaps and difference <= tolerance, found)


def _same_validation(
    history: pd.DataFrame, epoch: int, again: Mapping[str, float], tolerance: float
) -> Finding:
    """The row of the epoch whose weights were kept, but for scores that go by ranks alone."""
    what = "one process validates the same"
    names = [
        name
        for name in again
        if name in history and name.startswith("val_") and not name.endswith(RANKED)
    ]
    if not names:
        return Finding(what, False, "no score to compare")
    row = history.set_index("epoch").loc[epoch]
    kept, other = row[names].astype(float), pd.Series(again)[names].astype(float)
    unlike = [name for name in names if bool(pd.isna(kept[name])) != bool(pd.isna(other[name]))]
    difference = (kept - other).abs().max()
    found = f"largest difference of {len(names)} scores {difference:.2g}"
    found += f"; NaN on one side only: {', '.join(unlike)}" if unlike else ""
    return Finding(what, not unlike and not difference > tolerance, found)


def _one_mlflow_run(folder: Path) -> Finding:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    ids = [each.experiment_id for each in client.search_experiments()]
    statuses = [run.info.status for run in client.search_runs(ids)]
    found = f"{len(statuses)} ({', '.join(statuses)})"
    return Finding("MLflow holds one finished run", statuses == ["FINISHED"], found)


def main(arguments: list[str] | None = None) -> int:
    """Check the bundles that were asked for and print the verdict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bundle", choices=list(TRIALS), action="append", help="default: all")
    parser.add_argument("--cpu", type=int, metavar="N", help="N processes on the CPU")
    asked = parser.parse_args(arguments)
    processes = torch.cuda.device_count() if asked.cpu is None else asked.cpu
    if processes < 2:
        print(f"Error: {_too_few(asked.cpu, processes)}", file=sys.stderr)
        return 2
    where = "on the CPU (gloo)" if asked.cpu else f"on {torch.cuda.get_device_name(0)} (NCCL)"
    print(f"{processes} processes {where}, torch {torch.__version__}")
    bundles = asked.bundle or list(TRIALS)
    results = {bundle: _tried(bundle, processes, bool(asked.cpu)) for bundle in bundles}
    for bundle, findings in results.items():
        for each in findings:
            print(f"{'ok  ' if each.holds else 'FAIL'}  {bundle}: {each.what}: {each.found}")
    good = all(each.holds for findings in results.values() for each in findings)
    print("verdict: " + ("several processes train and score as one" if good else "they do not"))
    return 0 if good else 1


def _too_few(cpu: int | None, processes: int) -> str:
    if cpu is not None:
        return f"--cpu is {cpu}; two processes are needed, as one shares nothing: --cpu 2"
    found = "one GPU" if processes else "no GPU"
    return f"{found} was found, two are needed; --cpu 2 tries two processes on the CPU"


def _tried(bundle: str, processes: int, cpu: bool) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return check(bundle, Path(folder), processes, cpu)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return [Finding("several processes train", False, "they failed, as told above")]


if __name__ == "__main__":
    sys.exit(main())
