"""A folder of made fetal ultrasound planes in the raw layout of FETAL_PLANES_DB.

Source of the layout: Burgos-Artizzu et al. 2020, doi:10.1038/s41598-020-67076-5, data
doi:10.5281/zenodo.3904280: a table with semicolons, whose last column's name ends in a space, and
a folder of images, several a patient.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count as count_up
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.fetal import draw_examination, fetal_phantom
from pipelines.datasets.phantoms.made_folder import check_numbers, most_wanting, replaceable
from pipelines.datasets.phantoms.mark import is_marked, write_marked
from pipelines.datasets.staging import staged

TABLE, IMAGES = "FETAL_PLANES_DB_data.csv", "Images"
HEADER = (
    "Image_name", "Patient_num", "Plane", "Brain_plane", "Operator", "US_Machine", "Train ",
)  # fmt: skip
PLANES = (
    "Other", "Fetal abdomen", "Fetal brain", "Maternal cervix", "Fetal femur", "Fetal thorax",
)  # fmt: skip  # in the order of their numbers in the images' names, from 1
# As the square roots of the published shares, so that a small set too holds every plane several
# times.
PLANE_SHARES = dict(zip(PLANES, (0.25, 0.1, 0.21, 0.16, 0.12, 0.16), strict=True))
BRAIN_SHARES = {
    "Trans-thalamic": 0.53, "Trans-cerebellum": 0.23, "Trans-ventricular": 0.19, "Other": 0.05,
}  # fmt: skip
NO_BRAIN = "Not A Brain"
MACHINES = {"Voluson E6": 0.69, "Aloka": 0.614, "Voluson S10": 0.69, "Voluson S8": 0.69}
OPERATORS = ("Op. 1", "Op. 2", "Op. 3", "Other")
WIDTHS = (1.0, 0.94, 0.86)  # of an image, as shares of the longest side
SMALLEST_SIZE = 64


class Row(NamedTuple):
    """One image to make, as the table tells it.

    Attributes:
        patient: From 1.
        plane: One of `PLANES`.
        brain_plane: A key of `BRAIN_SHARES`, or `NO_BRAIN`.
        number: Within the patient's images of the plane, from 1, of `total`.
        total: How many those are in a set that is large enough.
        operator: One of `OPERATORS`.
        machine: A key of `MACHINES`: its height over its width.
    """

    patient: int
    plane: str
    brain_plane: str
    number: int
    total: int
    operator: str
    machine: str

    @property
    def name(self) -> str:
        """The image's name without its suffix."""
        plane = PLANES.index(self.plane) + 1
        return f"Patient{self.patient:05d}_Plane{plane}_{self.number}_of_{self.total}"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's text; every second patient is one to train on, as about half of them are."""
        train = str(self.patient % 2)
        told = (self.plane, self.brain_plane, self.operator, self.machine, train)
        return (self.name, str(self.patient), *told)


def make_fetal_planes(
    out: Path,
    count: int = 150,
    seed: int = 0,
    size: int = 500,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
) -> None:
    """Make a folder of fetal ultrasound planes in the raw layout of FETAL_PLANES_DB.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make: `FETAL_PLANES_DB_data.csv` and `Images/Patient00001_Plane3_1_of_2.png`
            and so on.
        count: Images, at least 1; from 6 on every plane is there.
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
        (folder / IMAGES).mkdir()
        jobs = [*islice(rows(seed), count)]
        write_table(folder / TABLE, jobs)
        write = partial(write_image, folder / IMAGES, seed=seed, size=size)
        with mapped(write, jobs, workers or cores(), chunk=1) as written:
            for done, _ in enumerate(written, start=1):
                if progress is not None:
                    progress(done, count)


def rows(seed: int) -> Iterator[Row]:
    """Yield the images to make, patient by patient, without end."""
    made: Counter[str] = Counter()
    for patient in count_up(1):
        rng = np.random.default_rng([seed, patient])
        machine = str(rng.choice(list(MACHINES), p=(0.5, 0.25, 0.15, 0.1)))
        operator = str(rng.choice(OPERATORS))
        left = list(PLANES)
        for _ in range(int(rng.integers(1, 4))):
            plane = most_wanting(PLANE_SHARES, made, left)
            left.remove(plane)
            total = int(rng.integers(1, 4)) if made.total() >= len(PLANES) else 1
            for number in range(1, total + 1):
                made[plane] += 1
                brain = str(rng.choice(list(BRAIN_SHARES), p=list(BRAIN_SHARES.values())))
                brain = brain if plane == "Fetal brain" else NO_BRAIN
                yield Row(patient, plane, brain, number, total, operator, machine)


def write_table(path: Path, jobs: list[Row]) -> None:
    """Write the table of images as the published one is written: semicolons, no quotes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=";", lineterminator="\r\n")
        table.writerow(HEADER)
        table.writerows(row.cells for row in jobs)


def write_image(folder: Path, row: Row, seed: int, size: int) -> None:
    """Make one image from seed and row alone, and write it."""
    patient = np.random.default_rng([seed, row.patient, 0])
    examination = draw_examination(patient, row.machine)
    width = round(size * float(patient.choice(WIDTHS)))
    height = round(width * MACHINES[row.machine])
    rng = np.random.default_rng([seed, row.patient, PLANES.index(row.plane) + 1, row.number])
    image = fetal_phantom(rng, row.plane, row.brain_plane, examination, height, width)
    write_marked(folder / f"{row.name}.png", image)


def is_made(path: Path, out: Path) -> bool:
    """Tell whether something inside `out` is the folder of images, one of ours, or its table.

    The mark matters: the real data lie in a folder and a table of the same names.
    """
    if path == out / IMAGES:
        return path.is_dir() and not path.is_symlink()
    if path == out / TABLE:
        return is_table(path)
    return path.parent == out / IMAGES and is_marked(path)


def is_table(path: Path) -> bool:
    """Tell whether a file is a table of nothing but images of ours that lie beside it."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file, delimiter=";")
    except (OSError, ValueError, csv.Error):
        return False
    images = [path.with_name(IMAGES) / f"{line[0]}.png" for line in lines if line]
    return tuple(header) == HEADER and bool(images) and all(map(is_marked, images))


MADE = replaceable(is_made)
