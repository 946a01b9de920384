"""Seconds, memory and recall of the search for near-duplicates, by the number of pictures.

The pictures are made: speckle in layers, one in twenty a changed copy of another one (turned,
flipped, cut, with another gamma, recompressed), so that recall is known. They are made before the
clock starts, as the small copies that decoding leaves. Each number runs in a process of its own.

    python benchmarks/audit.py
    python benchmarks/audit.py --most 100000 --out docs/results/duplicate_search.csv

Up to 5,000 pictures the search is also run without cells, all with all: ``of exact`` is the share
of its pairs that the search finds.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipelines.datasets import duplicate_cells, duplicate_windows
from pipelines.datasets.duplicates import find_pairs, small_copy
from pipelines.datasets.parallel import cores, mapped

COUNTS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
EXACT = 5_000  # pictures: no more are compared all with all, too
COPIES = 20  # one in as many is a copy
SIDE = 160  # of the pictures from which small copies are made

Small = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """What was measured; shares are percentages."""

    images: int
    threads: int
    seconds: float
    peak_mb: int
    pairs: int
    copies: int
    copies_found: float
    strangers_paired: int
    of_exact: float | None


def main() -> None:
    """Measures what was asked for, prints the table and writes it."""
    arguments = _arguments()
    rows = []
    print(" ".join(f"{each.name:>16}" for each in fields(Row)), flush=True)
    for count in (each for each in COUNTS if each <= arguments.most):
        row = _apart(count, arguments.threads)
        print(" ".join(f"{value!s:>16}" for value in asdict(row).values()), flush=True)
        rows.append(row)
    if arguments.out:
        with arguments.out.open("w", newline="") as file:
            table = csv.DictWriter(file, [each.name for each in fields(Row)])
            table.writeheader()
            table.writerows(asdict(row) for row in rows)


def _apart(count: int, threads: int) -> Row:
    """Measures in a new process, whose peak memory is that of this measurement."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, count, threads).result()


def _measured(count: int, threads: int) -> Row:
    """Makes small copies, searches them and compares the result with what is known."""
    smalls, originals = made(count, threads)
    start = time.perf_counter()
    pairs = find_pairs(smalls, threads)
    seconds = time.perf_counter() - start
    peak = _peak_mb()
    found = {tuple(pair) for pair in pairs.tolist()}
    true = _true_pairs(originals)
    exact = _exact_pairs(smalls, threads) if count <= EXACT else None
    return Row(
        images=count,
        threads=threads,
        seconds=round(seconds, 2),
        peak_mb=peak,
        pairs=len(pairs),
        copies=len(true),
        copies_found=round(100 * len(true & found) / len(true), 2),
        strangers_paired=len(found - true),
        of_exact=round(100 * len(exact & found) / len(exact), 2) if exact else None,
    )


def _exact_pairs(smalls: Small, threads: int) -> set[tuple[int, ...]]:
    """Searches without cells."""
    usual, duplicate_cells.EXACT = duplicate_cells.EXACT, len(smalls)
    try:
        return {tuple(pair) for pair in find_pairs(smalls, threads).tolist()}
    finally:
        duplicate_cells.EXACT = usual


def _peak_mb() -> int:
    """Gives the peak of this process's resident memory, in MB."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 10**6


def made(count: int, workers: int) -> tuple[Small, NDArray[np.int64]]:
    """Makes small copies.

    Args:
        count: how many.
        workers: processes; they change nothing else.

    Returns:
        Small copies (count, 64, 64), uint8, and what each shows (count,): two that show the same
        are a true pair.
    """
    rng = np.random.default_rng(0)
    originals = np.arange(count)
    originals[count - count // COPIES :] = rng.permutation(count - count // COPIES)[
        : count // COPIES
    ]
    jobs = [(int(original), place) for place, original in enumerate(originals)]
    smalls = np.empty((count, duplicate_windows.SIDE, duplicate_windows.SIDE), dtype=np.uint8)
    with mapped(_small, jobs, workers, chunk=64) as results:
        for place, small in enumerate(results):
            smalls[place] = small
    return smalls, originals


def _true_pairs(originals: NDArray[np.int64]) -> set[tuple[int, ...]]:
    copies = np.flatnonzero(originals != np.arange(len(originals)))
    return {(int(originals[copy]), int(copy)) for copy in copies}


def _small(job: tuple[int, int]) -> Small:
    """Makes one small copy: a picture, or where the two numbers differ a changed copy of it."""
    original, place = job
    picture = _speckle(np.random.default_rng(original))
    if original != place:
        picture = _changed(np.random.default_rng((original, place)), picture)
    return small_copy(np.asarray(picture))


def _speckle(rng: np.random.Generator) -> Image.Image:
    """Draws layers and blobs with speckle that fade with depth."""
    field = np.zeros((SIDE, SIDE), dtype=np.float32)
    for down, across, weight in ((5, 3, 1.0), (9, 5, 0.8), (18, 9, 0.6), (40, 28, 0.5)):
        grid = Image.fromarray(rng.normal(size=(down, across)).astype(np.float32))
        field += weight * np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    echo = np.exp(0.5 * field) * rng.gamma(3, 1 / 3, size=field.shape)
    fade = np.exp(-rng.uniform(0.3, 1.5) * np.linspace(0, 1, SIDE))[:, None]
    return Image.fromarray(np.clip(90 * echo * fade, 0, 255).astype(np.uint8))


def _changed(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Turns or flips, cuts (up to 30 % of the area), changes gamma and recompresses."""
    turn = rng.integers(4)
    picture = picture.rotate(90 * int(turn), expand=True)
    if rng.random() < 0.5:
        picture = ImageOps.mirror(picture)
    if rng.random() < 0.5:
        side = np.sqrt(rng.uniform(0.7, 1)) * SIDE
        left, top = rng.uniform(0, SIDE - side, size=2)
        picture = picture.crop(tuple(round(v) for v in (left, top, left + side, top + side)))
    gamma = rng.uniform(0.6, 1.6)
    picture = picture.point([round(255 * (level / 255) ** gamma) for level in range(256)])
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(rng.integers(50, 96)))
    return Image.open(buffer)


def _arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--most", type=int, default=20_000, help="pictures (default: 20000)")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--out", type=Path, help="write the table there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
