"""A folder of made radiographs of limbs in the raw layout of class folders, by region.

`healthy/hand/hand_0001.png`: the class, then the region. Names never repeat in another class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.bone_xray import KINDS, bone_phantom
from pipelines.datasets.phantoms.limb import REGIONS
from pipelines.datasets.phantoms.made_folder import check_numbers, replaceable
from pipelines.datasets.phantoms.mark import is_marked, write_marked
from pipelines.datasets.staging import staged

LANDSCAPE = 0.25  # the share of images that are wider than tall
SMALLEST_SIZE = 64


class Case(NamedTuple):
    """One radiograph to make: class, region, place in the data set."""

    kind: str
    region: str
    place: int


def make_bones(
    out: Path,
    count: int = 60,
    seed: int = 0,
    size: int = 500,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
) -> None:
    """Make a folder of radiographs of healthy, fractured and shattered limbs.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make: `healthy/hand/hand_0001.png`, `fractured/forearm/forearm_0005.png` and
            so on.
        count: Images, at least 1; from 3 on every class is there, from 9 on every region of each.
        seed: Not negative. Image i depends on seed, i and size only.
        size: The longest side that an image may have, pixels, at least 64.
        progress: Called with (made so far, count) after each image.
        overwrite: Replace `out` if it holds nothing but what this function made.
        workers: Processes; by default one per usable core. It does not change the result.

    Raises:
        InputError: If a number is out of range, or `out` holds files and may not be replaced, or
            cannot be written.
    """
    check_numbers(count, seed, size, SMALLEST_SIZE)
    with staged(Path(out), overwrite, MADE) as folder:
        for kind, region in product(KINDS, REGIONS):
            (folder / kind / region).mkdir(parents=True)
        write = partial(write_case, folder, seed=seed, size=size)
        with mapped(write, [*cases(count)], workers or cores(), chunk=1) as written:
            for done, _ in enumerate(written, start=1):
                if progress is not None:
                    progress(done, count)


def cases(count: int) -> Iterator[Case]:
    """Yield the images to make: the classes in turn, a region for three, equally many of all."""
    for place in range(count):
        region = list(REGIONS)[place // len(KINDS) % len(REGIONS)]
        yield Case(KINDS[place % len(KINDS)], region, place)


def draw_shape(rng: np.random.Generator, size: int) -> tuple[int, int]:
    """Draw an image's (height, width), the longest side at most `size`."""
    longest = round(size * rng.uniform(0.8, 1.0))
    shortest = round(longest * rng.choice([0.6, 0.75, 0.8, 0.83]))
    return (shortest, longest) if rng.random() < LANDSCAPE else (longest, shortest)


def write_case(folder: Path, case: Case, seed: int, size: int) -> None:
    """Make one image from (seed, index) alone and write it."""
    rng = np.random.default_rng([seed, case.place])
    image = bone_phantom(rng, case.kind, case.region, *draw_shape(rng, size))
    write_marked(
        folder / case.kind / case.region / f"{case.region}_{case.place + 1:04d}.png", image
    )


def is_made(path: Path, out: Path) -> bool:
    """Tell whether something inside `out` is a folder of a class or region, or an image of ours."""
    parts = path.relative_to(out).parts
    if parts[0] not in KINDS or (len(parts) > 1 and parts[1] not in REGIONS):
        return False
    if path.is_dir():
        return len(parts) < 3 and not path.is_symlink()
    return len(parts) == 3 and is_marked(path)


MADE = replaceable(is_made)
