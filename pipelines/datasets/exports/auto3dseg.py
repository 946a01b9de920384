"""MONAI Auto3DSeg: a datalist of file names and folds, and NIfTI files of one slice.

Its reader, ``monai.auto3dseg.datafold_read``, makes a path of every text and of every entry of a
list, and wants a part ``testing``: so an entry holds the two file names and the fold, and no more.
"""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY, Item
from pipelines.datasets.exports.case_names import case_names
from pipelines.datasets.exports.label_names import label_names
from pipelines.datasets.exports.request import Request
from pipelines.datasets.exports.stored import read_image, read_mask
from pipelines.datasets.parallel import mapped
from pipelines.datasets.picture import COMPRESSION
from pipelines.progress import counting

FILE_NAME = "datalist.json"


def write(request: Request) -> None:
    """Writes ``datalist.json``, ``images/`` and ``labels/``.

    Args:
        request: the export.

    Raises:
        InputError: the labels have gaps, or a file of the dataset is damaged.
    """
    dataset, names = request.dataset, case_names(request.dataset)
    labels = label_names(dataset)
    for part in ("images", "labels"):
        (request.folder / part).mkdir()
    jobs = [(item, names[item["image"]]) for item in (*dataset.items, *dataset.testing)]
    work = partial(
        _write_case,
        source=dataset.folder,
        folder=request.folder,
        channels=dataset.channels,
        classes=len(labels),
    )
    with mapped(work, jobs, request.workers) as done, counting("exporting") as report:
        for number, _ in enumerate(done, start=1):
            report(number, len(jobs))
    text = json.dumps(_datalist(request, names, labels), indent=1, ensure_ascii=False) + "\n"
    write_text(request.folder / FILE_NAME, text)
    request.say("Auto3DSeg's networks are made for volumes; each image is one of a single slice")


def _datalist(request: Request, names: dict[str, str], labels: list[str]) -> dict[str, Any]:
    """Gives the content of the datalist."""
    dataset = request.dataset
    return {
        "name": dataset.name,
        "licence": dataset.licence,
        "reference": dataset.reference,
        **({LEAKY: True} if dataset.leaky else {}),
        "modality": dataset.modality,
        "labels": {str(index): name for index, name in enumerate(labels)},
        "training": [
            {**_files(names[item["image"]]), "fold": item["fold"]} for item in dataset.items
        ],
        "testing": [_files(names[item["image"]]) for item in dataset.testing],
    }


def _files(name: str) -> dict[str, str]:
    return {"image": f"images/{name}.nii.gz", "label": f"labels/{name}.nii.gz"}


def _write_case(
    job: tuple[Item, str], source: Path, folder: Path, channels: int, classes: int
) -> None:
    """Writes one image and its label; runs in a worker."""
    item, name = job
    image = read_image(source / item["image"], channels)
    mask = read_mask(source / item["label"], classes, image.shape[:2])
    files = _files(name)
    for key, pixels in (("image", image), ("label", mask)):
        (folder / files[key]).write_bytes(volume(pixels, item.get("spacing")))


def volume(pixels: NDArray[Any], spacing: list[float] | None) -> bytes:
    """Encodes a picture as a NIfTI volume of one slice; the same pixels give the same bytes.

    Args:
        pixels: (height, width), or (height, width, channels).
        spacing: millimetres per pixel (row, column); without it a pixel counts one, of no unit.

    Returns:
        The bytes of a ``.nii.gz`` file, whose array is (x, y, 1) or (x, y, 1, channels).
    """
    import nibabel

    row, column = spacing or (1.0, 1.0)
    array = np.expand_dims(np.swapaxes(pixels, 0, 1), 2)
    image = nibabel.Nifti1Image(array, np.diag([-column, -row, 1.0, 1.0]))
    image.header.set_xyzt_units("mm" if spacing else "unknown")
    return gzip.compress(image.to_bytes(), compresslevel=COMPRESSION, mtime=0)
