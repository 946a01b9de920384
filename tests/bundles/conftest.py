"""What the tests of several bundles share: phantoms, a working folder, a short training."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from tests.bundles.made_bundle import BUNDLES, SMALL, Bundle

Train = Callable[..., Path]


def med2d(*arguments: object) -> None:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


def make_dataset(bundle: Bundle, folder: Path, count: int, size: int, folds: int) -> Path:
    """Makes phantoms and a dataset folder of them, in ``folder``."""
    raw, target = folder / f"{bundle.name}_raw", folder / bundle.name
    numbers = ("--count", count, "--size", size, "--seed", 1, "--workers", 1)
    med2d("phantom", bundle.phantoms, raw, *numbers)
    options = ("--folds", folds, "--workers", 1, "--no-audit", *bundle.options)
    med2d("convert", bundle.convert, raw, target, *options)
    return target


@pytest.fixture(scope="session")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a bundle's dataset folder of few small phantoms; do not write into it."""
    folder, done = tmp_path_factory.mktemp("bundles"), {}

    def dataset(name: str) -> Path:
        if name not in done:
            bundle = BUNDLES[name]
            done[name] = make_dataset(bundle, folder, *bundle.few, folds=3)
        return done[name]

    return dataset


@pytest.fixture(scope="session")
def masks_dir(datasets: Callable[[str], Path]) -> Path:
    """The masks of the breast bundle's phantoms; do not write into it."""
    bundle = BUNDLES["breast_us_classification"]
    raw = datasets(bundle.name).parent / f"{bundle.name}_raw"
    target = raw.parent / "masks"
    options = ("--task", "segmentation", "--folds", 3, "--workers", 1, "--no-audit")
    med2d("convert", "busi", raw, target, *options)
    return target


@pytest.fixture(scope="session")
def work(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder for runs, with MLflow's database."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copy(empty_store, folder)
    return folder


@pytest.fixture(scope="session")
def train(work: Path, datasets: Callable[[str], Path]) -> Train:
    """Trains a bundle's smallest network, in the working folder; gives the run's folder.

    Without ``tracked`` MLflow hears nothing of it: to make its database takes seconds.
    """

    def run_training(
        bundle: Bundle,
        name: str,
        *files: str,
        tracked: bool = False,
        small: bool = True,
        **overrides: Any,
    ) -> Path:
        from monai.bundle import run

        folder = work / f"{bundle.name}_{name}"
        given = {**SMALL, **(bundle.smallest if small else {}), "epochs": 2}
        given |= {"dataset_dir": str(datasets(bundle.name)), "output_dir": str(folder)}
        if not tracked:
            given[f"train::handlers::{_tracking(bundle)}::_disabled_"] = True
        with contextlib.chdir(work):
            run(
                config_file=[bundle.config("train"), *map(bundle.config, files)],
                **{**given, **overrides},
            )
        return folder

    return run_training


def _tracking(bundle: Bundle) -> int:
    """The place of the handler that tracks."""
    handlers = bundle.read("train")["train"]["handlers"]
    return next(i for i, each in enumerate(handlers) if each["_target_"].endswith(".Tracking"))


@pytest.fixture(scope="session")
def trained(train: Train) -> Callable[[Bundle], Path]:
    """Gives a bundle's run of two epochs; the breast bundle's is the one that is tracked."""
    done: dict[str, Path] = {}

    def of(bundle: Bundle) -> Path:
        if bundle.name not in done:
            tracked = bundle.name == "breast_us_classification"
            done[bundle.name] = train(bundle, "trained", tracked=tracked)
        return done[bundle.name]

    return of
