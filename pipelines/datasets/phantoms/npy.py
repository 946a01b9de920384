"""Made breast-ultrasound images as arrays, in the npy-arrays layout: `Input.npy`, `target.npy`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.breast import breast_phantom
from pipelines.datasets.phantoms.busi import CLASS_SHARES, SMALLEST_SIZE, Case, cases
from pipelines.datasets.phantoms.made_folder import check_numbers
from pipelines.datasets.staging import Replaceable, staged

INPUT, TARGET, MASKS = "Input.npy", "target.npy", "masks.npy"
MARK = ".med2d-phantom"  # SHA-256 and name of every file that was made


class Row(NamedTuple):
    """One image, uint8 (S, S), and its lesions, 0 or 1, uint8 (S, S)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def make_npy(
    out: Path,
    count: int = 60,
    seed: int = 0,
    size: int = 128,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    masks: bool = False,
) -> None:
    """Make breast-ultrasound images with their class names, and with masks where asked for.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make. `Input.npy` is uint8 (N, S, S, 3), grey in three equal channels;
            `target.npy` holds the class names, (N,), as text of fixed width; `masks.npy` is uint8
            (N, S, S), 1 in lesions.
        count: Images, at least 1; from 3 on every class is there.
        seed: Not negative. Image i depends on seed, i and size only.
        size: Side of an image, pixels, at least 64.
        workers: Processes; by default one per usable core. It does not change the result.
        overwrite: Replace `out` if it holds nothing but what this function made.
        progress: Called with (made so far, count) after each image.
        masks: Write `masks.npy` too.

    Raises:
        InputError: If a number is out of range, or `out` holds files and may not be replaced, or
            cannot be written.
    """
    check_numbers(count, seed, size, SMALLEST_SIZE)
    todo = [*cases(count)]
    with staged(Path(out), overwrite, MADE) as folder:
        make = partial(make_row, seed=seed, size=size)
        with mapped(make, todo, workers or cores(), chunk=1) as rows:
            images = new_array(folder / INPUT, (count, size, size, 3))
            lesions = new_array(folder / MASKS, (count, size, size)) if masks else None
            for index, row in enumerate(rows):
                images[index] = row.image[..., None]
                if lesions is not None:
                    lesions[index] = row.mask
                if progress is not None:
                    progress(index + 1, count)
            del images, lesions  # so that the files are whole on the disk
        names = np.array([case.kind for case in todo], dtype=f"<U{max(map(len, CLASS_SHARES))}")
        np.save(folder / TARGET, names, allow_pickle=False)
        write_mark(folder)


def make_row(case: Case, seed: int, size: int) -> Row:
    """Make one image from (seed, index) alone."""
    rng = np.random.default_rng([seed, case.place])
    image, lesions = breast_phantom(rng, case.kind, size, size)
    mask = np.any(lesions, axis=0) if lesions else np.zeros(image.shape, bool)
    return Row(image, mask.astype(np.uint8))


def new_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Open a new uint8 array file that is filled on the disk, so that memory stays bounded."""
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def write_mark(folder: Path) -> None:
    """Write down what was made, so that a later run may replace it, and nothing else."""
    lines = [f"{digest(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / MARK).write_text("".join(lines), encoding="utf-8")


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def foreign_file(out: Path) -> str | None:
    """Name something in `out` that was not made here, for a message; None where all was."""
    mark = out / MARK
    made = set(mark.read_text("utf-8", "replace").splitlines()) if mark.is_file() else set()
    for path in sorted(out.iterdir()):
        plain = path.is_file() and not path.is_symlink()
        if path == mark and plain:
            continue
        if not plain or f"{digest(path)}  {path.name}" not in made:
            return f"holds {path.name}, which no phantom run made"
    return None


MADE = Replaceable("a set of made images", foreign_file)
