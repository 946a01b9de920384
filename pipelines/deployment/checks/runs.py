"""Whether a bundle's configurations run: inference with its weights, a training, its evaluation."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from pipelines.datasets.phantoms import PHANTOMS
from pipelines.deployment.checks.checked_bundle import EVALUATE, INFERENCE, TRAIN, CheckedBundle
from pipelines.deployment.checks.verdict import Verdict

ANSWERS = "an inference run on made images"
TRAINS, EVALUATES = "a training run on made images", "an evaluation run of that training"
TRAINED_ANSWERS = "an inference run of that training"

_CODE = Path(__file__).resolve().parents[3]
_WIDTH, _HEIGHT = 96, 72
_SMALL = {"image_size": 64, "batch_size": 4, "num_workers": 0, "epochs": 1, "device": "cpu"}


@dataclass(frozen=True)
class MadeData:
    """The made images that a bundle trains on.

    Attributes:
        phantom: their kind.
        count: how many are few but enough for three folds.
        options: of their conversion.
    """

    phantom: str
    count: int
    options: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the folders where they are converted."""
        return (*shlex.split(PHANTOMS[self.phantom].options), *self.options)


MADE_DATA: Mapping[str, MadeData] = {
    "breast_us_classification": MadeData("busi", 30, ("--task", "classification")),
    "breast_us_segmentation": MadeData("busi", 30, ("--task", "segmentation")),
    "fetal_plane_classification": MadeData("fetal-planes", 60),
    "bone_xray_classification": MadeData("bones", 18),
    "tissue_segmentation": MadeData("tissue", 12),
}
"""By the name of the bundle that a training's results name."""


def check_runs(bundle: CheckedBundle, trains: bool) -> list[Verdict]:
    """Runs what can be run, each in a process of its own, in a folder that is removed after it.

    Args:
        bundle: the bundle.
        trains: whether it is trained, too.
    """
    with TemporaryDirectory() as folder:
        answers = _answers(bundle, Path(folder))
        return [answers, *_trainings(bundle, Path(folder), trains)]


def _answers(bundle: CheckedBundle, folder: Path) -> Verdict:
    if bundle.weights is None:
        return Verdict(ANSWERS, unchecked="it has no weights")
    return Verdict(ANSWERS, tuple(_answer(bundle.folder, folder)))


def _answer(bundle: Path, folder: Path) -> list[str]:
    """Answers two pictures by a bundle, in the folder given."""
    pictures, out = folder / "pictures", folder / "answers"
    _make_pictures(pictures)
    options = {"dataset_dir": pictures, "output_dir": out, "device": "cpu"}
    problems = _run(_bundle([bundle / INFERENCE], options), bundle)
    if not problems and not any(out.rglob("*.*")):
        problems.append("it ended well and wrote nothing")
    return problems


def _make_pictures(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for number in range(2):
        pixels = random.integers(0, 256, (_HEIGHT, _WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"made_{number}.png")


def _trainings(bundle: CheckedBundle, folder: Path, trains: bool) -> list[Verdict]:
    titles = (TRAINS, EVALUATES, TRAINED_ANSWERS)
    if not bundle.trains:
        return [Verdict(title, unchecked=f"it holds no {TRAIN}") for title in titles]
    if not trains:
        return [Verdict(title, unchecked="--run was not given") for title in titles]
    content = json.loads((bundle.folder / TRAIN).read_text(encoding="utf-8"))
    made = MADE_DATA.get(content.get("scorer", {}).get("bundle", ""))
    if made is None:
        why = "there are no made images for it; train it on images of yours"
        return [Verdict(title, unchecked=why) for title in titles]
    return _trained(bundle, made, content, folder)


def _trained(
    bundle: CheckedBundle, made: MadeData, content: Mapping[str, Any], folder: Path
) -> list[Verdict]:
    """Trains for an epoch, evaluates and answers; what follows a failure is not run."""
    run = folder / "run"
    steps = {
        TRAINS: lambda: _train(bundle.folder, made, content, folder),
        EVALUATES: lambda: _run(
            _bundle([bundle.folder / TRAIN, bundle.folder / EVALUATE], {"output_dir": run}), folder
        ),
        TRAINED_ANSWERS: lambda: _answer(run, folder / "trained"),
    }
    (folder / "trained").mkdir()
    verdicts: list[Verdict] = []
    for title, step in steps.items():
        if any(verdict.problems for verdict in verdicts):
            verdicts.append(Verdict(title, unchecked="what comes before it failed"))
        else:
            verdicts.append(Verdict(title, tuple(step())))
    return verdicts


def _train(bundle: Path, made: MadeData, content: Mapping[str, Any], folder: Path) -> list[str]:
    phantom, raw, dataset = PHANTOMS[made.phantom], folder / "raw", folder / "dataset"
    numbers = ("--count", str(made.count), "--size", "96", "--seed", "1", "--workers", "1")
    options = (*made.words, "--folds", "3", "--no-audit")
    convert = ("convert", phantom.convert, str(raw), str(dataset), *options, "--workers", "1")
    given = {**_SMALL, "dataset_dir": dataset, "output_dir": folder / "run"}
    given |= {name: "float32" for name in ("precision",) if name in content}
    given |= {name: "channels_last" for name in ("memory_layout",) if name in content}
    for place, handler in enumerate(content["train"]["handlers"]):
        if handler["_target_"].endswith(".Tracking"):
            given[f"train::handlers::{place}::_disabled_"] = True
    for words in (
        _med2d("phantom", made.phantom, str(raw), *numbers),
        _med2d(*convert),
        _bundle([bundle / TRAIN], given),
    ):
        problems = _run(words, folder)
        if problems:
            return problems
    return []


def _med2d(*words: str) -> list[str]:
    return [sys.executable, "-c", "from pipelines.cli import main; main()", *words]


def _bundle(files: Sequence[Path], options: Mapping[str, Any]) -> list[str]:
    chosen = str([str(file) for file in files]) if len(files) > 1 else str(files[0])
    given = {"config_file": chosen, **options}
    words = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-W", "ignore", "-m", "monai.bundle", "run", *words]


def _run(words: Sequence[str], folder: Path) -> list[str]:
    """Runs a command; gives the line that tells of its error, nothing where it ended well.

    A package brings the modules that it needs: in its own folder they are found first.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if not (folder / "pipelines").is_dir():
        known = [str(_CODE), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(known)
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )
    if done.returncode == 0:
        return []
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    told = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    last = (told or lines or ["it said nothing"])[-1]
    return [f"it ended with code {done.returncode}: {last[:400]}"]
