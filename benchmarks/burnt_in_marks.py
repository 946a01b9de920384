"""Precision and recall of the audit's burnt-in marks, against what a person saw in each image.

docs/results/burnt_in_marks.csv holds what was seen: in BUSI (reduced to 256 px), images taken at
random by near-duplicate cluster (``random``, ``random-2``) and every other image with a colour
(``colour``), and all the fetal planes at hand. The marks were developed on the set ``development``
only. The set ``test`` shares no cluster with it, and was labelled before they were looked for
there; ``random-2`` was taken and labelled after the last change to the program.

``text`` is ``cut`` where the only letters are cut off by the border so far that half of none is
left: a person may or may not call that text. Such images are left out of text, and of any mark
where they have no other, and counted by themselves. What the text is stands under ``seen``: in BUSI
mostly the maker's logo in the upper left corner.

    python benchmarks/burnt_in_marks.py RAW
    python benchmarks/burnt_in_marks.py RAW --source fetal-planes

RAW is the folder as it was published: that of ``benign/``, ``malignant/`` and ``normal/``, or that
of ``Images/``.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import binomtest

from pipelines.datasets.audit.burnt_in_marks import marks

LABELS = Path(__file__).parent.parent / "docs" / "results" / "burnt_in_marks.csv"
MARKS = ("text", "caliper", "overlay", "any")


@dataclass(frozen=True)
class Looked:
    """An image at which a person and the program looked.

    Attributes:
        sample: set and sample to which it belongs.
        seen: for each mark ``yes``, ``no`` or ``cut``, by the person.
        found: the same by the program, ``yes`` or ``no``.
        milliseconds: how long the program took.
    """

    sample: str
    seen: dict[str, str]
    found: dict[str, str]
    milliseconds: float


def main() -> None:
    """Looks at every labelled image of a source and prints the tables."""
    arguments = _arguments()
    with LABELS.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == arguments.source]
    images = [_look(arguments.raw, row) for row in rows]
    for sample in dict.fromkeys(image.sample for image in images):
        _print_table(sample, [image for image in images if image.sample == sample])
    milliseconds = statistics.median(image.milliseconds for image in images)
    print(f"{len(images)} images, median {milliseconds:.1f} ms each, decoded")


def _look(raw: Path, row: dict[str, str]) -> Looked:
    """Finds the marks of one image."""
    with Image.open(raw / row["image"]) as image:
        pixels = np.asarray(image)
    start = time.perf_counter()
    found = marks(pixels)
    milliseconds = 1000 * (time.perf_counter() - start)
    seen = {mark: row[mark] for mark in MARKS[:-1]}
    seen["any"] = max(seen.values(), key=("no", "cut", "yes").index)
    answers = {mark: "yes" if mark in found else "no" for mark in MARKS[:-1]}
    answers["any"] = "yes" if found else "no"
    return Looked(f"{row['set']}, {row['sample']}", seen, answers, milliseconds)


def _print_table(sample: str, images: Sequence[Looked]) -> None:
    """Prints precision and recall of each mark, with Wilson 95 % intervals."""
    print(f"{sample}: {len(images)} images")
    for mark in MARKS:
        pairs = [(image.seen[mark], image.found[mark]) for image in images]
        hits, false, missed = (pairs.count(pair) for pair in _OUTCOMES)
        cut = [found for seen, found in pairs if seen == "cut"]
        print(
            f"  {mark:8}seen in {hits + missed}, not in {pairs.count(('no', 'no')) + false}: "
            f"precision {_share(hits, hits + false)}, recall {_share(hits, hits + missed)}"
            + (f"; cut in {len(cut)}, found in {cut.count('yes')}" if cut else "")
        )


_OUTCOMES = (("yes", "yes"), ("no", "yes"), ("yes", "no"))  # seen, found


def _share(part: int, whole: int) -> str:
    """Writes a share with its Wilson 95 % interval."""
    if not whole:
        return "-"
    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return f"{part}/{whole} = {part / whole:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("raw", type=Path, help="the raw folder")
    parser.add_argument("--source", choices=("busi", "fetal-planes"), default="busi")
    return parser.parse_args()


if __name__ == "__main__":
    main()
