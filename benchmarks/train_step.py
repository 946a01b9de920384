"""What the training engine, the augmentation and the reading cost beside a bare PyTorch loop.

The ways to train a bundle's network with the same batch size, precision and memory layout run in
turn, round after round; the medians of the rounds' ratios are printed:

* ``bare``: forward (in the same precision and layout), loss, backward, step over tensors in memory;
* ``plain``: the same in float32 and contiguous, as a loop without a thought for the machine, in a
  process of its own, whose C library gives freed memory back as it does by default;
* ``engine``: the bundle's engine, with its handlers of every iteration, over the same tensors;
* ``augmented``: the engine over decoded images in memory, with the bundle's augmentation;
* ``from disk``: the engine over a dataset folder as a run does it, after the first epoch;
* ``uncached``: the same with no memory for decoded images, as for a set far larger than it.

Run: python benchmarks/train_step.py [--case resnet50] [--data DATASET] [--rounds 5]

A case is a bundle's recipe at a size. Precision and layout of the classifications are those that a
probe at the start finds the fastest, as a training does.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import torch
from monai.bundle import ConfigParser
from monai.engines import SupervisedTrainer
from monai.transforms import Compose

from pipelines.bundles import bundle_root
from pipelines.datasets.convert import Options, convert
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.phantoms.tissue import COLOURS, make_tissue
from pipelines.errors import InputError
from pipelines.training.kept_memory import keep_freed_memory
from pipelines.training.replay import EpochSeed, ReplayDataset, replay_loader

TARGETS = {"engine": 0.95, "augmented": 0.80, "from disk": 0.80}
GAINS = {"seed_unet": 1.5, "tissue": 1.5}
"""Wanted speed of the engine over the plain loop, by case, where the processor has bfloat16."""


class Case(NamedTuple):
    """What is trained.

    Attributes:
        bundle: the bundle's name.
        variant: name of a variant; None for the recipe as shipped.
        image_size: side of the images in pixels; None for the bundle's.
    """

    bundle: str
    variant: str | None = None
    image_size: int | None = None


CASES = {
    "segmentation": Case("breast_us_segmentation"),
    "seed_unet": Case("breast_us_segmentation", "seed_unet"),
    "joint": Case("breast_us_segmentation", "joint"),
    "tissue": Case("tissue_segmentation"),
    "mobilenet_v2": Case("breast_us_classification", None, 128),
    "densenet121": Case("breast_us_classification", "densenet121", 224),
    "resnet50": Case("breast_us_classification", "resnet50", 224),
}
CHOICES = ("precision", "memory_layout")  # those that a probe makes

Batches = list[dict[str, torch.Tensor]]


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        bundle = CASES[options.case].bundle
        dataset = options.data or _made_dataset(Path(folder), options.images, bundle)
        rates = measure(dataset, options)
    _print(rates, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--case", choices=CASES, default="segmentation")
    parser.add_argument("--data", type=Path, help="a dataset folder (default: made images)")
    parser.add_argument("--images", type=int, default=200, help="made images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--num_workers", type=int, help="default: the bundle's")
    parser.add_argument("--image_size", type=int, help="default: the case's")
    parser.add_argument("--batch_size", type=int, help="default: the bundle's")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; expected at least 1")
    return options


def _made_dataset(folder: Path, images: int, bundle: str) -> Path:
    raw, layout = folder / "raw", "busi"
    options = Options(task=bundle.rpartition("_")[2], audit=False)
    if bundle == "tissue_segmentation":
        layout = "image-mask-folders"
        options = Options(classes=tuple(COLOURS), audit=False)
        make_tissue(raw, count=images, size=256)
    else:
        make_busi(raw, count=images, size=256)
    convert(raw, folder / "dataset", layout, options, say=lambda line: None)
    return folder / "dataset"


def measure(dataset: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Images per second of each way in each round.

    Args:
        dataset: a dataset folder.
        options: rounds and overrides.

    Returns:
        Way to rates, one a round; a first round of all is left out.
    """
    keep_freed_memory()
    chosen = _chosen(_config(dataset, options))
    config = _config(dataset, options, **chosen)
    loader = config.get_parsed_content("train::dataloader")
    fixed = [{k: v.clone() for k, v in batch.items()} for batch in loader]
    ways: dict[str, Callable[[], int]] = {
        "bare": _bare(_config(dataset, options, **chosen), fixed),
        "engine": _engine(_config(dataset, options, **chosen), fixed),
        "augmented": _engine(_config(dataset, options, **chosen), _in_memory(config)),
        "from disk": _engine(_config(dataset, options, **chosen), loader),
        "uncached": _engine(_config(dataset, options, cache_gigabytes=0, **chosen), None),
    }
    ways = {"plain": _plain(dataset, options), **ways}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            images = way()
            rate = images / (time.perf_counter() - start)
            if number:
                rates[name].append(rate)
            print(f"round {number} {name:<10} {rate:7.1f} images/s", flush=True)
    return rates


def _chosen(config: ConfigParser) -> dict[str, str]:
    """What a probe finds the fastest here; empty for a bundle that has no probe."""
    if "machine" not in config:
        return {}
    machine = config.get_parsed_content("machine")
    chosen = {name: getattr(machine, name) for name in CHOICES}
    print(", ".join(f"{name} {value}" for name, value in chosen.items()))
    return chosen


def _in_memory(config: ConfigParser) -> Iterable[Any]:
    """A loader that augments decoded images: nothing is read."""
    dataset = config.get_parsed_content("train::dataset")
    decoded = [{key: item[key] for key in ("image", "label")} for item in dataset._cache]
    steps = [config.get_parsed_content("train::crop")] if "train::crop" in config else []
    augmentation = Compose([*steps, *config.get_parsed_content("augmentation")])
    seed, batch_size, workers = (
        config.get_parsed_content(name) for name in ("seed", "batch_size", "num_workers")
    )
    replayed = ReplayDataset(decoded, augmentation, seed, progress=False)
    return replay_loader(replayed, batch_size, workers, seed)


def _config(dataset: Path, options: argparse.Namespace, **overrides: Any) -> ConfigParser:
    case = CASES[options.case]
    configs = bundle_root(case.bundle) / "configs"
    files = [configs / "train.json"]
    if case.variant is not None:
        files.append(configs / "variants" / f"{case.variant}.json")
    config = ConfigParser(ConfigParser.load_config_files(files))
    config["dataset_dir"] = str(dataset)
    config["device"] = "cpu"  # what is measured; the bare loop's tensors are there
    if case.image_size is not None:
        config["image_size"] = case.image_size
    for name in ("num_workers", "image_size", "batch_size"):
        if getattr(options, name) is not None:
            config[name] = getattr(options, name)
    for name, value in overrides.items():
        config[name] = value
    return config


def _bare(config: ConfigParser, batches: Batches) -> Callable[[], int]:
    network, loss, optimizer, inferer = (
        config.get_parsed_content(name)
        for name in ("network", "loss", "optimizer", "train::inferer")
    )

    def epoch() -> int:
        network.train()
        for batch in batches:
            optimizer.zero_grad(set_to_none=True)
            loss(inferer(batch["image"], network), batch["label"]).backward()
            optimizer.step()
        return sum(len(batch["image"]) for batch in batches)

    return epoch


def _plain(dataset: Path, options: argparse.Namespace) -> Callable[[], int]:
    """An epoch of the plain loop, in a process that waits in between."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=_run_plain, args=(there, dataset, options), daemon=True).start()
    there.close()  # so that its end is noticed here
    here.recv()  # it is ready

    def epoch() -> int:
        here.send("epoch")
        return here.recv()

    return epoch


def _run_plain(asked: Connection, dataset: Path, options: argparse.Namespace) -> None:
    has_probe = "machine" in _config(dataset, options)
    layout = {"memory_layout": "contiguous"} if has_probe else {"network": "$@network_def"}
    config = _config(dataset, options, precision="float32", num_workers=0, **layout)
    loader = config.get_parsed_content("train::dataloader")
    fixed = [{k: v.clone() for k, v in batch.items()} for batch in loader]
    epoch = _bare(config, fixed)
    asked.send("ready")
    with contextlib.suppress(EOFError):  # at the end of the program that asks
        while asked.recv():
            asked.send(epoch())


def _engine(config: ConfigParser, batches: Iterable[Any] | None) -> Callable[[], int]:
    data = config.get_parsed_content("train::dataloader") if batches is None else batches
    handlers = config["train::handlers"]
    (place,) = (n for n, each in enumerate(handlers) if each["_target_"].endswith("TrainingScores"))
    scores = config.get_parsed_content(f"train::handlers::{place}")
    average = [config.get_parsed_content("average")] if "average" in config else []
    more = {}
    if "train::step" in config:
        more = {"iteration_update": config.get_parsed_content("train::step")}
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=data,
        network=config.get_parsed_content("network"),
        optimizer=config.get_parsed_content("optimizer"),
        loss_function=config.get_parsed_content("loss"),
        inferer=config.get_parsed_content("train::inferer"),
        train_handlers=[EpochSeed(0), *average, scores],
        decollate=False,
        optim_set_to_none=True,
        **more,
    )

    def epoch() -> int:
        trainer.state.max_epochs = trainer.state.epoch + 1
        trainer.run()
        size = config.get_parsed_content("batch_size")
        return len(data) * size  # type: ignore[arg-type]

    return epoch


def _print(rates: dict[str, list[float]], options: argparse.Namespace) -> None:
    print(f"\n{options.case}, {torch.get_num_threads()} threads, {options.rounds} rounds, medians")
    print(f"{'way':<12}{'images/s':>9}{'to bare':>9}{'target':>8}")
    for name, values in rates.items():
        ratios = [rate / bare for rate, bare in zip(values, rates["bare"], strict=True)]
        target = f"{TARGETS[name]:.2f}" if name in TARGETS else ""
        print(
            f"{name:<12}{statistics.median(values):9.1f}{statistics.median(ratios):9.2f}{target:>8}"
        )
    pairs = zip(rates["engine"], rates["plain"], strict=True)
    gain = statistics.median(engine / plain for engine, plain in pairs)
    wanted = f"  target {GAINS[options.case]}" if options.case in GAINS else ""
    print(f"engine to plain: {gain:.2f}{wanted}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak memory: {own / 2**20:.2f} GiB, largest child {workers / 2**20:.2f} GiB")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"Error: {error}")
