"""What the training engine, the augmentation and the reading cost beside a bare PyTorch loop.

Five ways to train the same network (the bundle's own) with the same batch size and precision run in
turn, round after round, in one process; the medians of the rounds' ratios are printed:

* ``bare``: forward (in the same precision), loss, backward, step over tensors in memory;
* ``engine``: the bundle's engine, with its handlers of every iteration, over the same tensors;
* ``augmented``: the engine over decoded images in memory, with the bundle's augmentation;
* ``from disk``: the engine over a dataset folder as a run does it, after the first epoch;
* ``uncached``: the same with no memory for decoded images, as for a set far larger than it.

Run: python benchmarks/train_step.py [--data DATASET] [--rounds 5]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.engines import SupervisedTrainer
from monai.transforms import Compose

from pipelines.bundles import bundle_root
from pipelines.datasets.convert import Options, convert
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.training.batch_scores import TrainingScores
from pipelines.training.replay import EpochSeed, ReplayDataset, replay_loader

BUNDLE = "breast_us_segmentation"
TARGETS = {"engine": 0.95, "augmented": 0.80, "from disk": 0.80}

Batches = list[dict[str, torch.Tensor]]


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        dataset = options.data or _made_dataset(Path(folder), options.images)
        rates = measure(dataset, options)
    _print(rates, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a dataset folder (default: made images)")
    parser.add_argument("--images", type=int, default=200, help="made images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--num_workers", type=int, help="default: the bundle's")
    parser.add_argument("--image_size", type=int, help="default: the bundle's")
    parser.add_argument("--batch_size", type=int, help="default: the bundle's")
    return parser.parse_args()


def _made_dataset(folder: Path, images: int) -> Path:
    make_busi(folder / "raw", count=images, size=256)
    convert(folder / "raw", folder / "dataset", "busi", Options(), say=lambda line: None)
    return folder / "dataset"


def measure(dataset: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Images per second of each way in each round.

    Args:
        dataset: a dataset folder.
        options: rounds and overrides.

    Returns:
        Way to rates, one a round; a first round of all is left out.
    """
    config = _config(dataset, options)
    loader = config.get_parsed_content("train::dataloader")
    fixed = [{k: v.clone() for k, v in batch.items()} for batch in loader]
    ways: dict[str, Callable[[], int]] = {
        "bare": _bare(_config(dataset, options), fixed),
        "engine": _engine(_config(dataset, options), fixed),
        "augmented": _engine(_config(dataset, options), _in_memory(config)),
        "from disk": _engine(_config(dataset, options), loader),
        "uncached": _engine(_config(dataset, options, cache_gigabytes=0), None),
    }
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


def _in_memory(config: ConfigParser) -> Iterable[Any]:
    """A loader that augments decoded images: nothing is read."""
    dataset = config.get_parsed_content("train::dataset")
    decoded = [{key: item[key] for key in ("image", "label")} for item in dataset._cache]
    augmentation = Compose(config.get_parsed_content("augmentation"))
    seed, batch_size, workers = (
        config.get_parsed_content(name) for name in ("seed", "batch_size", "num_workers")
    )
    replayed = ReplayDataset(decoded, augmentation, seed, progress=False)
    return replay_loader(replayed, batch_size, workers, seed)


def _config(dataset: Path, options: argparse.Namespace, **overrides: Any) -> ConfigParser:
    config = ConfigParser()
    config.read_config(bundle_root(BUNDLE) / "configs" / "train.json")
    config["dataset_dir"] = str(dataset)
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


def _engine(config: ConfigParser, batches: Iterable[Any] | None) -> Callable[[], int]:
    data = config.get_parsed_content("train::dataloader") if batches is None else batches
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=data,
        network=config.get_parsed_content("network"),
        optimizer=config.get_parsed_content("optimizer"),
        loss_function=config.get_parsed_content("loss"),
        inferer=config.get_parsed_content("train::inferer"),
        train_handlers=[EpochSeed(0), TrainingScores()],
        decollate=False,
        optim_set_to_none=True,
    )

    def epoch() -> int:
        trainer.state.max_epochs = trainer.state.epoch + 1
        trainer.run()
        size = config.get_parsed_content("batch_size")
        return len(data) * size  # type: ignore[arg-type]

    return epoch


def _print(rates: dict[str, list[float]], options: argparse.Namespace) -> None:
    print(f"\n{torch.get_num_threads()} threads, {options.rounds} rounds, medians")
    print(f"{'way':<12}{'images/s':>9}{'to bare':>9}{'target':>8}")
    for name, values in rates.items():
        ratios = [rate / bare for rate, bare in zip(values, rates["bare"], strict=True)]
        target = f"{TARGETS[name]:.2f}" if name in TARGETS else ""
        print(
            f"{name:<12}{statistics.median(values):9.1f}{statistics.median(ratios):9.2f}{target:>8}"
        )
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak memory: {own / 2**20:.2f} GiB, largest child {workers / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
