"""What several tests share: made data sets, a marked picture, a small training."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from pipelines.cli import main


def pytest_configure(config: pytest.Config) -> None:
    """Give the networks, also those of other processes, one thread, but for the slow trainings.

    A step of a few small images gains nothing by a second thread, which waits for its next piece
    at full speed: with two, steps cost three times the processor's time on a machine that is busy.
    Ctrl-C is heard again where a shell has switched it off.
    """
    if config.option.markexpr != "slow":
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)  # some tests press Ctrl-C


@pytest.fixture(scope="session", autouse=True)
def _quiet_mlflow() -> Iterator[None]:
    """Keep MLflow from writing home, and from a store that the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("DO_NOT_TRACK", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _loosely_packed_figures() -> Iterator[None]:
    """Compress figures lightly: the same pixels, where packing took half the time of a figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    light = partialmethod(FigureCanvasAgg.print_png, pil_kwargs={"compress_level": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FigureCanvasAgg, "print_png", light)
        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow store in one file, whose making takes a second; copy it."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


def _med2d(*arguments: object) -> None:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="session")
def busi_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder in the busi layout: 30 made images of at most 96 px, five of them normal."""
    folder = tmp_path_factory.mktemp("made") / "raw"
    _med2d("phantom", "busi", folder, "--count", 30, "--seed", 0, "--size", 96)
    return folder


@pytest.fixture(scope="session")
def busi_dataset(busi_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset folder of `busi_raw`, five folds of six images each. Do not write into it."""
    folder = tmp_path_factory.mktemp("converted") / "dataset"
    _med2d("convert", "busi", busi_raw, folder, "--task", "segmentation", "--workers", 1)
    return folder


@pytest.fixture(scope="session")
def class_dataset(busi_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images for a classification; one normal image a fold. Do not write into it."""
    folder = tmp_path_factory.mktemp("classes") / "dataset"
    _med2d("convert", "busi", busi_raw, folder, "--task", "classification", "--workers", 1)
    return folder


@pytest.fixture(scope="session")
def leaky_dataset(busi_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images, two in a group, divided image by image on purpose. Do not write into it."""
    folder = tmp_path_factory.mktemp("leaky") / "dataset"
    shutil.copytree(busi_dataset, folder)
    content = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    for number, item in enumerate(content["training"]):
        item["group"] = f"g{number // 2}"
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    _med2d("split", folder, "--leaky")
    return folder


@pytest.fixture(scope="session")
def marked() -> NDArray[np.uint8]:
    """A picture 40 wide and 60 high, (60, 40), of 60, but for its upper left corner of 220."""
    picture = np.full((60, 40), 60, dtype=np.uint8)
    picture[:16, :8] = 220
    return picture


@pytest.fixture(scope="session")
def error_line() -> Callable[[BaseException], str]:
    """Gives the one line that a person would see for an error of a bundle run."""

    def line(error: BaseException) -> str:
        from pipelines.training.workflow import readable_cause

        cause = readable_cause(error)
        assert cause is not None, f"no readable cause in {error!r}"
        assert "\n" not in str(cause)
        return str(cause)

    return line


@pytest.fixture
def small_training(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Makes a training of a one-layer network whose validation scores are given in advance.

    The handlers of ``handlers(parts)`` are attached last, in their order.
    """
    import torch
    from ignite.engine import Engine, Events
    from monai.data import DataLoader, Dataset
    from monai.engines import SupervisedTrainer

    def make(
        scores: Sequence[float],
        handlers: Callable[[SimpleNamespace], list[Any]] = lambda parts: [],
        epochs: int | None = None,
        network: torch.nn.Module | None = None,
    ) -> SimpleNamespace:
        torch.manual_seed(0)
        items = [{"image": torch.rand(1, 6, 6), "label": torch.ones(1, 6, 6)} for _ in range(4)]
        network = network or torch.nn.Conv2d(1, 1, 3, padding=1)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        parts = SimpleNamespace(
            folder=tmp_path / "run",
            network=network,
            optimizer=optimizer,
            scheduler=torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", 0.5, 0),
            validator=Engine(lambda engine, batch: None),
            metric="val_f1",
        )
        parts.folder.mkdir(exist_ok=True)

        def validate(engine: Engine) -> None:
            parts.validator.state.epoch = engine.state.epoch
            parts.validator.state.metrics = {"val_f1": scores[engine.state.epoch - 1]}
            parts.scheduler.step(scores[engine.state.epoch - 1])

        parts.trainer = SupervisedTrainer(
            device="cpu",
            max_epochs=len(scores) if epochs is None else epochs,
            train_data_loader=DataLoader(Dataset(items), batch_size=2),
            network=network,
            optimizer=optimizer,
            loss_function=torch.nn.MSELoss(),
            decollate=False,
        )
        parts.trainer.add_event_handler(Events.EPOCH_COMPLETED, validate)
        for handler in handlers(parts):
            handler.attach(parts.trainer)
        return parts

    return make
