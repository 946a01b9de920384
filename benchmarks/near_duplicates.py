"""Recall of the search for near-duplicates, by what was done to the copies, and false pairs.

Each picture gets one changed copy; the search runs on pictures and copies together. What it finds
of the true pairs is the recall, whatever else it finds is a false pair among strangers.

    python benchmarks/near_duplicates.py
    python benchmarks/near_duplicates.py --real ../shared/data --out near_duplicates.csv

Without ``--real`` the pictures are made. Of the real breast scans only those are taken that are
near-duplicates of no other. Lines of the table whose change is not listed here are kept: they were
counted by eye.
"""

from __future__ import annotations

import argparse
import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from pipelines.datasets.duplicates import find_pairs, small_copy
from pipelines.datasets.parallel import cores
from pipelines.datasets.phantoms.bones import make_bones
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.phantoms.fetal_planes import make_fetal_planes
from pipelines.datasets.phantoms.tissue import make_tissue
from pipelines.datasets.picture import read, to_grey

MADE_SIZE = 256  # pixels, the longer side of made pictures
MOST = 150  # pictures of a set

Grey = NDArray[np.uint8]
Rng = np.random.Generator
Change = Callable[[Image.Image, Rng], Image.Image]


@dataclass(frozen=True)
class Row:
    """One line of the table; the recall is a percentage."""

    pictures: str
    change: str
    pairs: int
    recall: float
    strangers: int
    false_pairs: int


def main() -> None:
    """Measures each change on each set, prints the table and writes it."""
    arguments = _arguments()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, pictures in _sets(Path(folder), arguments.real):
            for row in _measured(name, pictures, arguments.threads):
                print(",".join(str(value) for value in asdict(row).values()), flush=True)
                rows.append(row)
    if arguments.out:
        _write(arguments.out, rows)


def _sets(folder: Path, real: Path | None) -> Iterator[tuple[str, list[Grey]]]:
    """Gives the names of the sets and their pictures."""
    if real is not None:
        yield "real breast scans", _strangers(_read(real / "Dataset_BUSI_with_GT"))
        yield "real fetal planes", _read(real / "FETAL_PLANES_DB")
    make_busi(folder / "busi", MOST, size=MADE_SIZE)
    yield "made breast scans", _read(folder / "busi")
    make_fetal_planes(folder / "fetal", MOST, size=MADE_SIZE)
    yield "made fetal planes", _read(folder / "fetal")
    make_bones(folder / "bones", 2 * MOST, size=MADE_SIZE)
    yield "made radiographs", _read(folder / "bones")
    make_tissue(folder / "tissue", MOST, size=MADE_SIZE)
    yield "made tissue", _read(folder / "tissue" / "images")


def _read(folder: Path) -> list[Grey]:
    """Reads all pictures of a folder but the masks, grey."""
    paths = sorted(path for path in folder.rglob("*.png") if "_mask" not in path.stem)
    return [to_grey(read(path, path.name).pixels) for path in paths]


def _strangers(pictures: Sequence[Grey]) -> list[Grey]:
    """Chooses pictures that are near-duplicates of no other."""
    pairs = find_pairs(np.stack([small_copy(picture) for picture in pictures]), cores())
    single = np.setdiff1d(np.arange(len(pictures)), pairs)
    chosen = np.random.default_rng(0).choice(single, min(MOST, len(single)), replace=False)
    return [pictures[place] for place in np.sort(chosen)]


def _measured(name: str, pictures: Sequence[Grey], threads: int) -> Iterator[Row]:
    """Makes copies by each change, and searches."""
    count = len(pictures)
    originals = [small_copy(picture) for picture in pictures]
    for change, function in CHANGES.items():
        rng = np.random.default_rng(1)
        images = (function(Image.fromarray(picture), rng) for picture in pictures)
        copies = [small_copy(np.asarray(image)) for image in images]
        pairs = find_pairs(np.stack(originals + copies), threads)
        true = int((pairs[:, 1] - pairs[:, 0] == count).sum())
        strangers = count * (2 * count - 1) - count
        recall = round(100 * true / count, 1)
        yield Row(name, change, count, recall, strangers, len(pairs) - true)


def _write(path: Path, rows: Sequence[Row]) -> None:
    """Writes the table; keeps the lines that were counted by eye."""
    kept = []
    if path.exists():
        with path.open(newline="") as file:
            kept = [line for line in csv.DictReader(file) if line["change"] not in CHANGES]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [each.name for each in fields(Row)])
        table.writeheader()
        table.writerows([*(asdict(row) for row in rows), *kept])


def _flipped(image: Image.Image, rng: Rng) -> Image.Image:
    return ImageOps.mirror(image) if rng.random() < 0.5 else ImageOps.flip(image)


def _turned(image: Image.Image, rng: Rng) -> Image.Image:
    return image.rotate(90 * int(rng.integers(1, 4)), expand=True)


def _cut(image: Image.Image, rng: Rng, least: float, most: float, stretch: float) -> Image.Image:
    """Cuts a part of the area out, anywhere; its aspect ratio changes by up to ``stretch``."""
    side = np.sqrt(rng.uniform(least, most))
    ratio = np.sqrt(stretch ** rng.uniform(-1, 1))
    width = min(image.width, round(image.width * side * ratio))
    height = min(image.height, round(image.height * side / ratio))
    left = int(rng.integers(image.width - width + 1))
    top = int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _cut_any(image: Image.Image, rng: Rng) -> Image.Image:
    return _cut(image, rng, 0.6, 0.95, 1.0)


def _gamma(image: Image.Image, rng: Rng) -> Image.Image:
    power = rng.uniform(0.6, 1.6)
    return image.point([round(255 * (level / 255) ** power) for level in range(256)])


def _contrast(image: Image.Image, rng: Rng) -> Image.Image:
    gain, offset = rng.uniform(0.6, 1.5), rng.uniform(-30, 30)
    return image.point([round((level - 128) * gain + 128 + offset) for level in range(256)])


def _recompressed(image: Image.Image, rng: Rng) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(30, 91)))
    return Image.open(buffer)


def _rescaled(image: Image.Image, rng: Rng) -> Image.Image:
    scale = rng.uniform(0.3, 2)
    return image.resize((round(image.width * scale), round(image.height * scale)))


def _marked(image: Image.Image, rng: Rng) -> Image.Image:
    """Draws two calipers, a dotted line between them, and a label."""
    marked = image.copy()
    draw = ImageDraw.Draw(marked)
    size = np.array(image.size)
    ends = rng.uniform(0.2, 0.8, size=(2, 2)) * size
    for x, y in ends:
        draw.line((x - 4, y, x + 4, y), fill=255)
        draw.line((x, y - 4, x, y + 4), fill=255)
    draw.point([tuple(ends[0] + part * (ends[1] - ends[0])) for part in np.linspace(0, 1, 25)], 255)
    draw.text(tuple(rng.uniform(0.02, (0.6, 0.9)) * size), "LT BREAST UOQ", fill=255)
    return marked


def _tilted(image: Image.Image, rng: Rng) -> Image.Image:
    angle = rng.uniform(2, 5) * rng.choice([-1, 1])
    return image.rotate(angle, Image.Resampling.BICUBIC)


def _then(*changes: Change) -> Change:
    """Makes one change of several."""

    def change(image: Image.Image, rng: Rng) -> Image.Image:
        for each in changes:
            image = each(image, rng)
        return image

    return change


CHANGES: dict[str, Change] = {
    "flipped": _flipped,
    "turned by right angles": _turned,
    "gamma 0.6 to 1.6": _gamma,
    "contrast 0.6 to 1.5": _contrast,
    "JPEG quality 30 to 90": _recompressed,
    "rescaled by 0.3 to 2": _rescaled,
    "marks": _marked,
    "cut to 85-95 %": lambda image, rng: _cut(image, rng, 0.85, 0.95, 1.0),
    "cut to 75-85 %": lambda image, rng: _cut(image, rng, 0.75, 0.85, 1.0),
    "cut to 60-75 %": lambda image, rng: _cut(image, rng, 0.6, 0.75, 1.0),
    "cut to 60-95 %, other aspect ratio": lambda image, rng: _cut(image, rng, 0.6, 0.95, 1.41),
    "flipped, cut to 60-95 %": _then(_flipped, _cut_any),
    "turned, cut, gamma, JPEG": _then(_turned, _cut_any, _gamma, _recompressed),
    "marks, gamma, rescaled, JPEG": _then(_marked, _gamma, _rescaled, _recompressed),
    "flipped, cut, contrast, marks": _then(_flipped, _cut_any, _contrast, _marked),
    "tilted by 2 to 5 degrees": _tilted,
}


def _arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--real", type=Path, help="folder of real data sets, as BUSI's")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--out", type=Path, help="write the table there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
