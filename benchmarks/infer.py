"""How fast a bundle answers a folder of pictures, from files to files; and its network by itself.

Runs ``inference.json`` as ``monai.bundle run`` does, in this process, round after round, each into
a folder of its own; a first round warms up and is left out. Of each round:

* images per second, from the start of the evaluator's run to its end: pictures are read, answered
  and their masks written; what comes before (imports, the check of every picture, the weights) is
  printed by itself;
* seconds in the network's forward pass, and their share of the run.

Then the network alone answers one image and batches on the CPU, as PyTorch runs it, as TorchScript
and by ONNX Runtime, by turns, so that what else the machine does hits all alike; ratios are to
PyTorch's median. --no_formats leaves this out.

Run: python benchmarks/infer.py [--bundle tissue_segmentation] [--variant joint]
     [--run RUN | --weights FILE] [--pictures FOLDER] [--rounds 5] [--batches 1,8] [--no_formats]

Without a run or weights the network of the recipe answers with random weights. They cost the
network what others do, but paint noise, which compresses worse than lesions.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.bundle import ConfigParser, create_workflow
from PIL import Image

from pipelines.bundles import bundle_names, bundle_root
from pipelines.datasets.phantoms.breast import breast_phantom
from pipelines.datasets.phantoms.tissue import tissue_tile
from pipelines.deployment.packaging.exported_formats import FORMATS, Network, write_format
from pipelines.errors import InputError
from pipelines.training.channels import read_channels
from pipelines.training.run_bundle import write_run_bundle
from pipelines.training.run_folder import recorded

BUNDLES = tuple(bundle_names())
DEFAULT = "breast_us_segmentation"
COMPARED = {"TorchScript": "ts", "ONNX Runtime": "onnx"}
EAGER = "PyTorch"
SHARE = 0.6
"""Least share of the network."""
LEAST_SHARE = 0.001
"""Smallest region that stays, a share of the picture, where training would have chosen it."""


class Round(NamedTuple):
    """What one run over all pictures took.

    Attributes:
        images: how many.
        before: seconds from the configuration to the evaluator's start.
        whole: seconds from the evaluator's start to its end.
        network: seconds of those in the network's forward pass.
    """

    images: int
    before: float
    whole: float
    network: float


class ForwardTime:
    """Adds up the seconds of a network's forward passes.

    Args:
        network: its outermost module; work that it leaves on an accelerator is waited for.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.seconds = 0.0
        self.started = 0.0
        network.register_forward_pre_hook(self._start)
        network.register_forward_hook(self._stop)

    def _start(self, *_: Any) -> None:
        self.started = _now()

    def _stop(self, *_: Any) -> None:
        self.seconds += _now() - self.started


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        config, given = _recipe(options, work)
        pictures = options.pictures or _made_pictures(work / "pictures", options)
        given.update(dataset_dir=str(pictures))
        rounds = [_round(config, work / f"{n}", given) for n in range(options.rounds + 1)]
        _print(rounds[1:], options)
        if not options.no_formats:
            networks, image = _networks(config, given, work)
            for batch in options.batches:
                _print_ratios(_seconds(networks, image, batch, options.rounds), batch)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--bundle", choices=BUNDLES, default=DEFAULT)
    parser.add_argument("--variant", help="a variant of the bundle")
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--run", type=Path, help="a run's folder: its own bundle, recipe and weights"
    )
    weights.add_argument("--weights", type=Path, help="a model.pt of the recipe")
    parser.add_argument("--pictures", type=Path, help="a folder (default: made ones)")
    parser.add_argument("--images", type=int, default=64, help="made pictures")
    parser.add_argument("--width", type=int, default=600, help="of a made picture, pixels")
    parser.add_argument("--height", type=int, default=500, help="of a made picture, pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--num_workers", type=int, help="default: the bundle's")
    parser.add_argument("--device", help="default: the bundle's")
    parser.add_argument("--batches", type=_batches, default="1,8", help="images at once")
    parser.add_argument("--no_formats", action="store_true", help="files to files alone")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; expected at least 1")
    if options.run is not None and options.variant is not None:
        parser.error("--run has its own recipe; leave --variant out")
    return options


def _batches(text: str) -> list[int]:
    """Whole numbers that commas separate."""
    values = [int(value) for value in text.split(",")]
    if min(values) < 1:
        raise ValueError
    return values


def _made_pictures(folder: Path, options: argparse.Namespace) -> Path:
    folder.mkdir()
    print(f"{options.images} made pictures of {options.width} x {options.height} pixels")
    for number in range(options.images):
        Image.fromarray(_picture(number, options)).save(folder / f"{number:04}.png")
    return folder


def _picture(number: int, options: argparse.Namespace) -> np.ndarray:
    """A phantom of what the bundle answers, of exactly the size that was asked for."""
    size = (options.width, options.height)
    if options.bundle == "tissue_segmentation":
        tile = tissue_tile(0, number, max(size)).image
        return tile[: options.height, : options.width]
    kind = ("benign", "malignant", "normal")[number % 3]
    return breast_phantom(np.random.default_rng([0, number]), kind, *size[::-1])[0]


def _recipe(options: argparse.Namespace, work: Path) -> tuple[Path, dict[str, Any]]:
    """The configuration file, and what it is given."""
    names = ("num_workers", "device")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.run is not None:
        config = options.run / "configs" / "inference.json"
        if not config.is_file():
            raise InputError(f"{options.run} is no folder of a run: there is no {config}")
        options.bundle = _bundle_of(options.run)
        print(f"the recipe and the weights of {options.run}")
        return config, given
    config = bundle_root(options.bundle) / "configs" / "inference.json"
    if options.variant is not None:
        config = _variant(options.bundle, options.variant, work / "run")
    told = json.loads(config.read_text(encoding="utf-8")).get("least_share")
    if isinstance(told, str):  # an expression: a run would have chosen it
        given["least_share"] = LEAST_SHARE
    return config, {**given, "weights": str(options.weights or _random_weights(config, work))}


def _bundle_of(run: Path) -> str:
    """The bundle of a run, of which the pictures are made."""
    bundle = str(recorded(run).get("scorer", {}).get("bundle"))
    if bundle not in BUNDLES:
        raise InputError(f"{run} is of the bundle {bundle}; expected one of {', '.join(BUNDLES)}")
    return bundle


def _variant(bundle: str, name: str, folder: Path) -> Path:
    """The configuration of inference that a run of a variant leaves behind."""
    configs = bundle_root(bundle) / "configs"
    files = [configs / "train.json", configs / "variants" / f"{name}.json"]
    if not files[-1].is_file():
        raise InputError(f"{bundle} has no variant {name}: there is no {files[-1]}")
    write_run_bundle(folder, ConfigParser.load_config_files(files), bundle_root(bundle))
    return folder / "configs" / "inference.json"


def _random_weights(config: Path, work: Path) -> Path:
    print("no weights were given: random ones of the recipe's network")
    network = ConfigParser(ConfigParser.load_config_file(config)).get_parsed_content("network_def")
    torch.save(network.state_dict(), work / "model.pt")
    return work / "model.pt"


def _round(config: Path, output_dir: Path, given: dict[str, Any]) -> Round:
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a configuration file that one trusts
        workflow = create_workflow(config_file=str(config), output_dir=str(output_dir), **given)
        evaluator = workflow.parser.get_parsed_content("evaluator")
        forward = ForwardTime(evaluator.network)
        ready = time.perf_counter()
        workflow.run()
        ended = time.perf_counter()
    images = evaluator.state.epoch_length
    done = Round(images, ready - start, ended - ready, forward.seconds)
    print(
        f"{images / done.whole:7.1f} images/s, network {done.network / done.whole:.2f}", flush=True
    )
    return done


def _networks(
    config: Path, given: dict[str, Any], work: Path
) -> tuple[dict[str, Network], torch.Tensor]:
    """The network as each program runs it, and an image as the network sees it."""
    content = {**ConfigParser.load_config_file(config), **given, "device": "cpu"}
    parser = ConfigParser({**content, "bundle_root": str(config.parent.parent)})
    network = parser.get_parsed_content("network").eval()
    channels = read_channels(parser.get_parsed_content("preprocessing")) or 1
    side = int(parser.get_parsed_content("image_size"))
    image = torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    networks: dict[str, Network] = {EAGER: network}
    for name, key in COMPARED.items():
        print(f"writing the network for {name}", flush=True)
        kind = FORMATS[key]
        write_format(kind, network, torch.cat([image, image]), work, {})
        networks[name] = kind.load(work / kind.file)
    return networks, image


@torch.no_grad()
def _seconds(
    networks: dict[str, Network], image: torch.Tensor, batch: int, rounds: int
) -> dict[str, list[float]]:
    """Seconds of a call of each network, by turns; two first calls of each warm up."""
    images = image.repeat(batch, 1, 1, 1)
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for number in range(rounds + 2):
        for name, network in networks.items():
            start = time.perf_counter()
            network(images)
            if number >= 2:
                taken[name].append(time.perf_counter() - start)
    return taken


def _print_ratios(taken: dict[str, list[float]], batch: int) -> None:
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"\n{batch} image(s) at once, the network alone on the CPU, medians")
    for name, seconds in medians.items():
        ratio = medians[EAGER] / seconds
        print(f"{name:<16}{batch / seconds:9.1f}  images/s, {ratio:.2f} times {EAGER}")


def _print(rounds: list[Round], options: argparse.Namespace) -> None:
    recipe = options.run or options.variant or "the shipped recipe"
    print(f"\n{options.bundle}, {recipe}, {torch.get_num_threads()} threads, ", end="")
    print(f"{rounds[0].images} pictures, {len(rounds)} rounds, medians")
    _print_median("images/s", [each.images / each.whole for each in rounds])
    _print_median("seconds", [each.whole for each in rounds])
    _print_median("in the network", [each.network for each in rounds])
    _print_median("its share", [each.network / each.whole for each in rounds], f"target {SHARE}")
    _print_median("seconds before", [each.before for each in rounds])
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak memory: {own / 2**20:.2f} GiB, largest child {workers / 2**20:.2f} GiB")
    if torch.cuda.is_available():
        print(
            f"peak memory of the accelerator: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB"
        )


def _print_median(name: str, values: list[float], remark: str = "") -> None:
    print(f"{name:<16}{statistics.median(values):9.2f}  {remark}".rstrip())


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"Error: {error}")
