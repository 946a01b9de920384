"""A folder of made breast-ultrasound images in the raw BUSI layout.

Source of the layout and the class shares: Al-Dhabyani et al. 2020, doi:10.1016/j.dib.2019.104863.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.breast import breast_phantom
from pipelines.datasets.phantoms.made_folder import check_numbers, replaceable
from pipelines.datasets.phantoms.mark import is_marked, write_marked
from pipelines.datasets.staging import staged

CLASS_SHARES = {"benign": 0.56, "malignant": 0.27, "normal": 0.17}
PORTRAIT = 0.06  # the share of images that are taller than wide
SMALLEST_SIZE = 64  # pixels; below it no layer is thicker than a pixel


def make_busi(
    out: Path,
    count: int = 60,
    seed: int = 0,
    size: int = 500,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
) -> None:
    """Make a folder of breast-ultrasound images with masks in the raw BUSI layout.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make: `benign/benign (1).png`, `benign/benign (1)_mask.png`, and so on.
        count: Images, at least 1; from 3 on every class is there.
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
        for kind in CLASS_SHARES:
            (folder / kind).mkdir()
        write = partial(write_case, folder, seed=seed, size=size)
        with mapped(write, [*cases(count)], workers or cores(), chunk=1) as written:
            for done, _ in enumerate(written, start=1):
                if progress is not None:
                    progress(done, count)


class Case(NamedTuple):
    """One image to make: class, number within the class, place in the data set."""

    kind: str
    number: int
    place: int


def cases(count: int) -> Iterator[Case]:
    """Yield the images to make; the first `n` are the same for every count.

    The first three are one of each class; then comes whichever class lags most behind its share.
    """
    made: Counter[str] = Counter()
    for index in range(count):
        lag = {kind: share * (index + 1) - made[kind] for kind, share in CLASS_SHARES.items()}
        kind = list(CLASS_SHARES)[index] if index < len(lag) else max(lag, key=lag.__getitem__)
        made[kind] += 1
        yield Case(kind, made[kind], index)


def draw_shape(rng: np.random.Generator, size: int) -> tuple[int, int]:
    """Draw an image's (height, width): never square, the longest side at most `size`."""
    longest = round(size * rng.uniform(0.84, 1.0))
    shortest = round(longest * rng.uniform(0.7, 0.94))
    return (longest, shortest) if rng.random() < PORTRAIT else (shortest, longest)


def write_case(folder: Path, case: Case, seed: int, size: int) -> None:
    """Make one image from (seed, index) alone and write it with its mask files."""
    rng = np.random.default_rng([seed, case.place])
    height, width = draw_shape(rng, size)
    image, masks = breast_phantom(rng, case.kind, height, width)
    stem = folder / case.kind / f"{case.kind} ({case.number})"
    write_marked(stem.with_name(f"{stem.name}.png"), image)
    for number, mask in enumerate(masks or [np.zeros(image.shape, bool)]):
        ending = f"_mask_{number}" if number else "_mask"
        write_marked(stem.with_name(f"{stem.name}{ending}.png"), mask.astype(np.uint8) * 255)


def is_made(path: Path, out: Path) -> bool:
    """Tell whether something inside `out` is a class folder, or a file there that has our mark.

    The mark matters: the real BUSI data lie in folders of the same names.
    """
    if path.relative_to(out).parts[0] not in CLASS_SHARES:
        return False
    if path.is_dir():
        return path.parent == out and not path.is_symlink()
    return is_marked(path)


MADE = replaceable(is_made)
