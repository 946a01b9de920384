"""Ultralytics YOLO: class folders for a classification, polygons for a segmentation.

Source of the formats: docs.ultralytics.com, datasets/classify and datasets/segment.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.atomic import write_text
from pipelines.datasets import picture
from pipelines.datasets.dataset import LEAKY, Dataset, Item, parts
from pipelines.datasets.exports.case_names import case_names, plain
from pipelines.datasets.exports.label_names import label_names
from pipelines.datasets.exports.polygons import outlines
from pipelines.datasets.exports.request import Request
from pipelines.datasets.exports.stored import is_nifti, read_image, read_mask
from pipelines.datasets.parallel import mapped
from pipelines.errors import InputError
from pipelines.progress import counting

PARTS = ("train", "val", "test")


class _Job(NamedTuple):
    """One image.

    Attributes:
        item: its entry of the dataset.
        image: where to, below the folder.
        text: where its polygons go; nothing in a classification.
    """

    item: Item
    image: str
    text: str | None


def write(request: Request) -> None:
    """Writes the images of a classification as class folders, else images, polygons, data.yaml.

    Images are 8-bit PNG; deeper ones are scaled by their brightest pixel.

    Args:
        request: the export. One of its folds is the test and the next one validates; where the
            dataset has a part ``testing``, that is the test and the fold validates.

    Raises:
        InputError: there is no such fold, the labels have gaps or share a folder's name, or a file
            is damaged.
    """
    jobs = _jobs(request)
    for job in jobs:
        for name in filter(None, (job.image, job.text)):
            (request.folder / name).parent.mkdir(parents=True, exist_ok=True)
    holes = _write_all(request, jobs)
    if request.dataset.task == "segmentation":
        write_text(request.folder / "data.yaml", _description(request.dataset))
        if holes:
            request.say(
                f"{holes} holes in masks were filled: YOLO's polygons have none, so these pixels "
                "count as part of the piece around them"
            )
    else:
        request.say("Ultralytics numbers the classes in the order of their folders' names")


def divided(dataset: Dataset, fold: int) -> dict[str, list[Item]]:
    """Divides the items among ``PARTS``.

    Args:
        dataset: the dataset.
        fold: see ``write``.

    Returns:
        The items of each part.

    Raises:
        InputError: there is no such fold, or there are too few.
    """
    if not dataset.testing:
        return dict(zip(PARTS, parts(dataset, fold), strict=True))
    folds = dataset.folds
    if fold not in folds or len(folds) < 2:
        raise InputError(
            f"fold {fold} cannot validate; {dataset.folder} has the folds 0 to {folds[-1]}, and "
            "one other must train"
        )
    training = [item for item in dataset.items if item["fold"] != fold]
    validating = [item for item in dataset.items if item["fold"] == fold]
    return dict(zip(PARTS, (training, validating, list(dataset.testing)), strict=True))


def _jobs(request: Request) -> list[_Job]:
    """Says where every image goes."""
    dataset = request.dataset
    names, labels = case_names(dataset), label_names(dataset)
    jobs = []
    folders = _folders(dataset, labels)
    for part, items in divided(dataset, request.fold).items():
        for item in items:
            name = names[item["image"]]
            if dataset.task == "segmentation":
                text = f"labels/{part}/{name}.txt"
                jobs.append(_Job(item, f"images/{part}/{name}.png", text))
            else:
                jobs.append(_Job(item, f"{part}/{folders[item['label']]}/{name}.png", None))
    return jobs


def _folders(dataset: Dataset, labels: list[str]) -> list[str]:
    """Names the class folders."""
    folders = [plain(label) for label in labels]
    if len({folder.casefold() for folder in folders}) < len(folders):
        raise InputError(
            f"{dataset.folder}: the classes {', '.join(labels)} would share a folder; rename them"
        )
    return folders


def _write_all(request: Request, jobs: list[_Job]) -> int:
    """Writes all images and polygons, on all cores; gives the number of filled holes."""
    dataset = request.dataset
    work = partial(
        _write_one,
        source=dataset.folder,
        folder=request.folder,
        channels=dataset.channels,
        classes=len(dataset.labels),
    )
    holes = 0
    with mapped(work, jobs, request.workers) as done, counting("exporting") as report:
        for number, filled in enumerate(done, start=1):
            holes += filled
            report(number, len(jobs))
    return holes


def _write_one(job: _Job, source: Path, folder: Path, channels: int, classes: int) -> int:
    """Writes one image and its polygons; gives the number of filled holes; runs in a worker."""
    path = source / job.item["image"]
    pixels = read_image(path, channels)
    if not is_nifti(path) and _is_plain(path):
        shutil.copyfile(path, folder / job.image)
    else:
        (folder / job.image).write_bytes(picture.png(eight_bits(pixels)))
    if job.text is None:
        return 0
    found = outlines(read_mask(source / job.item["label"], classes, pixels.shape[:2]))
    lines = [_line(index - 1, corners) for index, corners in found.polygons]
    (folder / job.text).write_text("".join(lines), encoding="utf-8")
    return found.holes


def _is_plain(path: Path) -> bool:
    """Tells whether a file is an 8-bit PNG, which can be copied as it stands."""
    with Image.open(path) as image:
        return image.format == "PNG" and image.mode in ("L", "RGB")


def eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Scales a deeper picture so that its brightest pixel is 255; 8 bits stay as they are."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.rint(pixels * (255 / max(int(pixels.max()), 1))).astype(np.uint8)


def _line(index: int, corners: NDArray[np.float64]) -> str:
    """Writes one polygon as YOLO reads it: the class, then x and y of every corner."""
    return " ".join([str(index), *(f"{value:.6f}" for value in corners.ravel())]) + "\n"


def _description(dataset: Dataset) -> str:
    """Writes data.yaml; without ``path``, Ultralytics looks beside that file."""
    import yaml

    names = dict(enumerate(label_names(dataset)[1:]))
    content: dict[str, Any] = {**{part: f"images/{part}" for part in PARTS}, "names": names}
    if dataset.leaky:
        content[LEAKY] = True
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
