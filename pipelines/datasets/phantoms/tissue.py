"""A folder of made H&E tissue images with palette masks, in the image-mask-folders layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.made_folder import check_numbers, replaceable
from pipelines.datasets.phantoms.mark import is_marked, write_marked
from pipelines.datasets.phantoms.section import stained_section
from pipelines.datasets.phantoms.slide_scanner import draw_slide_scanner, scanned
from pipelines.datasets.phantoms.stain import draw_stain, transmitted
from pipelines.datasets.phantoms.tissue_plan import (
    BACKGROUND,
    Plan,
    draw_architecture,
    draw_plan,
)
from pipelines.datasets.staging import staged

COLOURS = {
    "background": (235, 235, 235),
    "stroma": (255, 140, 170),
    "epithelium": (110, 50, 160),
    "necrosis": (70, 140, 70),
}
"""The palette of the masks, in the order of the class indices."""

FIELD = 400.0  # side of an image, micrometres
TILES = 4  # images of one slide: they share stain, scanner and the tissue's architecture
FOLDERS = ("images", "masks")
SMALLEST_SIZE = 64  # pixels; below it no nucleus is as large as one


class Tile(NamedTuple):
    """A made image, uint8 (S, S, 4), and its class indices, uint8 (S, S)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def make_tissue(
    out: Path,
    count: int = 24,
    seed: int = 0,
    size: int = 512,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Make a folder of tissue images with masks of four classes.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make: `images/slide_01_tile_1.png` (RGBA), `masks/slide_01_tile_1.png`
            (palette; the pixels are indices into `COLOURS`), and so on. Four tiles are a slide.
        count: Images, at least 1.
        seed: Not negative. Image i depends on seed, i and size only.
        size: Side of an image, pixels, at least 64; it always shows 400 micrometres.
        workers: Processes; by default one per usable core. It does not change the result.
        overwrite: Replace `out` if it holds nothing but what this function made.
        progress: Called with (made so far, count) after each image.

    Raises:
        InputError: If a number is out of range, or `out` holds files and may not be replaced, or
            cannot be written.
    """
    check_numbers(count, seed, size, SMALLEST_SIZE)
    with staged(Path(out), overwrite, MADE) as folder:
        for name in FOLDERS:
            (folder / name).mkdir()
        write = partial(write_tile, folder, seed=seed, size=size)
        with mapped(write, range(count), workers or cores(), chunk=1) as written:
            for done, _ in enumerate(written, start=1):
                if progress is not None:
                    progress(done, count)


def write_tile(folder: Path, place: int, seed: int, size: int) -> None:
    """Make one image and write it with its mask."""
    slide, number = divmod(place, TILES)
    name = f"slide_{slide + 1:02d}_tile_{number + 1}.png"
    tile = tissue_tile(seed, place, size)
    write_marked(folder / "images" / name, tile.image)
    write_marked(folder / "masks" / name, tile.mask, [*COLOURS.values()])


def tissue_tile(seed: int, place: int, size: int) -> Tile:
    """Make one image: the slide's traits from (seed, slide), all else from (seed, place)."""
    of_slide = np.random.default_rng([seed, 0, place // TILES])
    architecture, stain = draw_architecture(of_slide), draw_stain(of_slide)
    scanner = draw_slide_scanner(of_slide)
    rng = np.random.default_rng([seed, 1, place])
    grid = Grid(size, size, FIELD / size)
    plan = draw_plan(rng, grid, architecture)
    light = transmitted(*stained_section(rng, grid, plan), stain)
    colours = scanned(rng, light, grid, scanner)
    return with_alpha(rng, colours, plan, at_scan_edge(place))


def at_scan_edge(place: int) -> bool:
    """Tell whether an image reaches beyond what was scanned: the last tile of a slide does."""
    return place % TILES == TILES - 1


def with_alpha(
    rng: np.random.Generator, colours: NDArray[np.uint8], plan: Plan, edge: bool
) -> Tile:
    """Add the alpha channel: opaque, but for a strip on the right that was not scanned.

    The strip is white, alpha 0, and background in the mask.
    """
    size = colours.shape[1]
    alpha = np.full((*colours.shape[:2], 1), 255, np.uint8)
    image, mask = np.concatenate([colours, alpha], axis=-1), plan.labels.copy()
    if edge:
        start = size - round(size * rng.uniform(0.05, 0.2))
        image[:, start:] = (255, 255, 255, 0)
        mask[:, start:] = BACKGROUND
    return Tile(image, mask)


def is_made(path: Path, out: Path) -> bool:
    """Tell whether something inside `out` is one of the two folders, or a marked file in one."""
    if path.relative_to(out).parts[0] not in FOLDERS:
        return False
    if path.is_dir():
        return path.parent == out and not path.is_symlink()
    return is_marked(path)


MADE = replaceable(is_made)
