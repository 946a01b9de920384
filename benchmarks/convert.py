"""Images per second of ``med2d convert``, beside a loop that only decodes and encodes.

The loop reads the same files with as many processes, decodes them, and writes them as PNG with
the same compression: the floor that no conversion can beat. Both alternate in one run, so that
whatever else the machine does falls on both.

    python benchmarks/convert.py --data ../shared/data/Dataset_BUSI_with_GT
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.layouts.busi import scan
from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.picture import COMPRESSION

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "Dataset_BUSI_with_GT"


def main() -> None:
    """Measures both and prints each figure and the ratio."""
    arguments = _arguments()
    workers = arguments.workers or cores()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        data = arguments.data
        if not data.is_dir():
            data = work / "made"
            print(f"{arguments.data} is absent: {arguments.count} made images instead")
            make_busi(data, arguments.count)
        _measure(data, work, workers, arguments.repeat)


def _measure(data: Path, work: Path, workers: int, repeat: int) -> None:
    """Alternates the two, after one round that fills caches and does the imports."""
    samples = scan(data).samples
    files = [path for sample in samples for path in (sample.image, *sample.masks)]
    print(f"{len(samples)} images in {len(files)} files, {workers} processes")
    converted, floor, ratios = [], [], []
    for turn in range(repeat + 1):
        fast = len(samples) / _seconds(partial(_recode_all, files, work / f"floor{turn}", workers))
        full = len(samples) / _seconds(partial(_convert, data, work / f"full{turn}", workers))
        if turn == 0:
            continue
        converted.append(full)
        floor.append(fast)
        ratios.append(full / fast)
        print(f"{turn}: convert {full:.0f}/s, floor {fast:.0f}/s, ratio {full / fast:.2f}")
    print(
        f"median: convert {statistics.median(converted):.0f} images/s, "
        f"floor {statistics.median(floor):.0f} images/s, ratio {statistics.median(ratios):.2f}"
    )


def _seconds(work: Callable[[], None]) -> float:
    """Times one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _convert(data: Path, out: Path, workers: int) -> None:
    """Converts the folder, in silence."""
    convert(data, out, options=Options(workers=workers), say=lambda line: None)


def _recode_all(files: list[Path], out: Path, workers: int) -> None:
    """Decodes and encodes every file."""
    out.mkdir()
    jobs = [(path, out / f"{number}.png") for number, path in enumerate(files)]
    with mapped(_recode, jobs, workers) as results:
        for _ in results:
            pass


def _recode(job: tuple[Path, Path]) -> None:
    """Decodes one file and writes it as PNG."""
    source, target = job
    buffer = io.BytesIO()
    with Image.open(source) as image:
        image.save(buffer, "PNG", compress_level=COMPRESSION)
    target.write_bytes(buffer.getvalue())


def _arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=_DATA, help="a raw folder, busi layout")
    parser.add_argument("--count", type=int, default=60, help="made images, without the data")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--workers", type=int, help="processes (default: all cores)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
