"""NumPy: everything of a dataset in one compressed file, ``dataset.npz``.

    data = numpy.load("dataset.npz")

Nothing in it is a pickled object. Images of one size are made by letterboxing. They go by way of
uncompressed files beside the new folder, so that memory does not grow with their number.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.dataset import LEAKY, Dataset, Item
from pipelines.datasets.exports.case_names import case_names
from pipelines.datasets.exports.label_names import label_names
from pipelines.datasets.exports.letterbox import letterboxed
from pipelines.datasets.exports.request import Request
from pipelines.datasets.exports.stored import is_nifti, read_image, read_mask
from pipelines.datasets.parallel import mapped
from pipelines.datasets.staging import work_folder
from pipelines.errors import InputError
from pipelines.progress import counting

FILE_NAME = "dataset.npz"
SIZES = (8, 4096)

_TO_16 = 257  # by which 8-bit values become those of 16 bits: 255 becomes 65535
_LEVEL = 4  # of compression
_BLOCK = 1 << 20  # bytes copied at once


class _Job(NamedTuple):
    """One row of the arrays: its place and its entry of the dataset."""

    place: int
    item: Item


def write(request: Request) -> None:
    """Writes ``dataset.npz``.

    Its arrays, N rows each, ``training`` first and then ``testing``: ``images`` (N, size, size) or
    (N, size, size, 3), uint8 or uint16; ``masks`` (N, size, size) uint8, of a segmentation;
    ``labels`` (N,) indices into ``classes``; ``groups`` and ``ids`` (N,) texts; ``folds`` (N,), -1
    in the part ``testing``; ``sizes`` (N, 2), height and width before. Besides ``classes``, and of
    a segmentation ``mask_classes``, texts in the order of the indices. Where the split leaks on
    purpose, ``leaky``, true.

    Args:
        request: the export.

    Raises:
        InputError: the size is out of range, the labels have gaps, or a file is damaged.
    """
    lowest, highest = SIZES
    if not lowest <= request.size <= highest:
        raise InputError(f"the size is {request.size}; expected {lowest} to {highest} pixels")
    scratch = work_folder(request.folder)
    tables = _tables(request.dataset)
    _draw_all(request, scratch)
    for name, table in tables.items():
        np.save(scratch / f"{name}.npy", table, allow_pickle=False)
    order = ["images", *(["masks"] if _has_masks(request.dataset) else []), *tables]
    _pack([scratch / f"{name}.npy" for name in order], request.folder / FILE_NAME)
    request.say('one line loads it: data = numpy.load("dataset.npz")')


def _has_masks(dataset: Dataset) -> bool:
    return dataset.task == "segmentation"


def _tables(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Gives the small arrays."""
    names, labels = case_names(dataset), label_names(dataset)
    items = [*dataset.items, *dataset.testing]
    classes = dataset.classes if _has_masks(dataset) else labels
    of_item: Callable[[Item], int] = (
        (lambda item: classes.index(item["class"]))
        if _has_masks(dataset)
        else (lambda item: item["label"])
    )
    tables = {
        "labels": np.array([of_item(item) for item in items], np.int64),
        "classes": np.array(classes, np.str_),
        "groups": np.array([item["group"] for item in items], np.str_),
        "folds": np.array([item.get("fold", -1) for item in items], np.int64),
        "ids": np.array([names[item["image"]] for item in items], np.str_),
        "sizes": np.array([(item["height"], item["width"]) for item in items], np.int64),
    }
    tables |= {"mask_classes": np.array(labels, np.str_)} if _has_masks(dataset) else {}
    return tables | ({LEAKY: np.array(True)} if dataset.leaky else {})


def _draw_all(request: Request, scratch: Path) -> None:
    """Fills the large arrays on the disk, on all cores: each worker writes its own rows."""
    dataset, size = request.dataset, request.size
    jobs = [_Job(*pair) for pair in enumerate([*dataset.items, *dataset.testing])]
    shape = (len(jobs), size, size)
    colours = (3,) if dataset.channels == 3 else ()
    deep = _count_deep(dataset)
    depth = np.dtype(np.uint16 if deep else np.uint8)
    _make(scratch / "images.npy", (*shape, *colours), depth)
    if 0 < deep < len(jobs):
        request.say(f"{len(jobs) - deep} of {len(jobs)} images have 8 bits: multiplied by {_TO_16}")
    if _has_masks(dataset):
        _make(scratch / "masks.npy", shape, np.dtype(np.uint8))
    work = partial(
        _draw,
        source=dataset.folder,
        scratch=scratch,
        size=size,
        channels=dataset.channels,
        depth=depth,
        classes=len(dataset.labels) if _has_masks(dataset) else 0,
    )
    with mapped(work, jobs, request.workers) as done, counting("exporting") as report:
        for number, _ in enumerate(done, start=1):
            report(number, len(jobs))


def _make(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Makes an array file of zeros."""
    np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape).flush()


def _count_deep(dataset: Dataset) -> int:
    """Counts the grey images that are deeper than 8 bits; only headers are read."""
    paths = [dataset.folder / item["image"] for item in (*dataset.items, *dataset.testing)]
    return sum(map(_is_deep, paths)) if dataset.channels == 1 else 0


def _is_deep(path: Path) -> bool:
    """Tells whether a file holds more than 8 bits; a damaged one is left to the reader."""
    if is_nifti(path):
        import nibabel

        try:
            return nibabel.load(path).get_data_dtype() != np.uint8  # type: ignore[attr-defined]
        except (OSError, ValueError, nibabel.filebasedimages.ImageFileError):
            return False
    try:
        with Image.open(path) as image:
            return image.mode.startswith(("I", "F"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return False


def _draw(
    job: _Job,
    source: Path,
    scratch: Path,
    size: int,
    channels: int,
    depth: np.dtype,
    classes: int,
) -> None:
    """Writes one image, and its mask where there are classes of pixels; runs in a worker."""
    pixels = read_image(source / job.item["image"], channels)
    row = letterboxed(pixels, size)
    if depth == np.uint16 and row.dtype == np.uint8:
        row = row.astype(np.uint16) * _TO_16
    _put(scratch / "images.npy", job.place, row)
    if classes:
        indices = read_mask(source / job.item["label"], classes, pixels.shape[:2])
        _put(scratch / "masks.npy", job.place, letterboxed(indices, size, mask=True))


def _put(path: Path, place: int, row: NDArray[Any]) -> None:
    """Writes one row of an array file."""
    array = np.lib.format.open_memmap(path, mode="r+")
    array[place] = row


def _pack(paths: list[Path], archive: Path) -> None:
    """Packs array files into one ``.npz``; the same arrays give the same bytes."""
    total = sum(path.stat().st_size for path in paths) // _BLOCK + len(paths)
    done = 0
    with (
        counting("packing") as report,
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed,
    ):
        for path in paths:
            entry = zipfile.ZipInfo(path.name)  # of no date
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    done += 1
                    report(done, total)
            path.unlink()
