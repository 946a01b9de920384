"""How many images are flagged as unlike those that a model was trained on.

Each fold of breast ultrasound is judged by what the four others look like; then images of other
kinds by what all of them look like.

    python benchmarks/unlike_images.py BREAST OTHER...

BREAST is a dataset folder of breast ultrasound; OTHER are folders of other pictures, which are
searched with their sub-folders, DICOM among them. The pictures that ship with scikit-image,
scikit-learn and matplotlib are always among the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.audit.measure import read_pixels
from pipelines.datasets.dataset import Dataset, Item, read
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import looks_like_dicom, read_header
from pipelines.deployment.unlike_images import fit, unlikeness
from pipelines.evaluation.wilson import wilson_bounds
from transforms.picture import SUFFIXES

_PACKAGES = ("skimage/data", "sklearn/datasets/images", "matplotlib/mpl-data/sample_data")


def main() -> None:
    """Prints the share of each kind that is flagged."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("breast", type=Path, help="a dataset folder of breast ultrasound")
    parser.add_argument("others", type=Path, nargs="*", help="folders of other pictures")
    given = parser.parse_args()
    dataset = read(given.breast)
    for folder in given.others:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    folds = [_held_out(dataset, fold) for fold in dataset.folds]
    tell(f"{dataset.name}, folds that did not train", [each for fold in folds for each in fold])
    fitted = fit(_pixels(dataset, dataset.items))
    tell_others(given.others, fitted)


def tell_others(folders: Sequence[Path], fitted: dict[str, Any]) -> None:
    """Prints the share of the pictures of each folder, and of those of the packages."""
    for folder in folders:
        tell(folder.name, [unlikeness(each, fitted) for each in pictures(folder)])
    site = Path(np.__file__).parents[1]
    shipped = [each for name in _PACKAGES for each in pictures(site / name)]
    tell("pictures of Python packages", [unlikeness(each, fitted) for each in shipped])


def tell(name: str, unlike: Sequence[float]) -> None:
    """Prints the share that is flagged, with its Wilson interval."""
    hits, n = sum(value > 1 for value in unlike), len(unlike)
    low, high = wilson_bounds(hits, n)
    print(
        f"{name}: flagged {hits} of {n}, {hits / n:.3f} (95 % {low:.3f} to {high:.3f}); "
        f"median unlikeness {np.median(unlike):.2f}"
    )


def pictures(folder: Path) -> list[NDArray[Any]]:
    """Reads what can be read below a folder; of DICOM the middle frame."""
    found: list[NDArray[Any] | None] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and looks_like_dicom(path):
            frame = read_header(path, path.name).frames // 2
            found.append(DicomFrame(path, frame).read(path.name).pixels)
        elif path.name.lower().endswith(SUFFIXES) and "_mask" not in path.name:
            found.append(_picture(path))
    return [each for each in found if each is not None]


def _picture(path: Path) -> NDArray[Any] | None:
    try:
        return read_pixels(path, path.name)
    except ValueError as error:  # a package's picture of several frames, or of fractions
        print(f"passed over: {error}")
        return None


def _held_out(dataset: Dataset, fold: int) -> list[float]:
    train = [item for item in dataset.items if item["fold"] != fold]
    fitted = fit(_pixels(dataset, train))
    held = [item for item in dataset.items if item["fold"] == fold]
    return [unlikeness(each, fitted) for each in _pixels(dataset, held)]


def _pixels(dataset: Dataset, items: Sequence[Item]) -> list[NDArray[Any]]:
    return [read_pixels(dataset.folder / item["image"], item["image"]) for item in items]


if __name__ == "__main__":
    main()
