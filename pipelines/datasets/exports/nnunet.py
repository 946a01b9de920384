"""nnU-Net v2: a raw dataset of 2-D images, with our folds as its splits.

Source of the format: nnU-Net's own documentation/dataset_format.md and manual_data_splits.md.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY, Dataset, Item
from pipelines.datasets.encoding import SUFFIXES, encode
from pipelines.datasets.exports.case_names import case_names, plain
from pipelines.datasets.exports.label_names import label_names
from pipelines.datasets.exports.request import Request
from pipelines.datasets.exports.stored import is_nifti, read_image, read_mask
from pipelines.datasets.parallel import mapped
from pipelines.errors import InputError
from pipelines.progress import counting

NUMBERS = (1, 999)
_FOLDER = re.compile(r"Dataset[0-9]{3}_.+")
_PARTS = ("Tr", "Ts")


class _Job(NamedTuple):
    """One case: its entry of the dataset, its name, and ``Tr`` or ``Ts``."""

    item: Item
    name: str
    part: str


def write(request: Request) -> None:
    """Writes ``DatasetNNN_name`` below the folder, or into it where it is named so already.

    Images are PNG, or NIfTI where the dataset's are; colours stay in one file, as nnU-Net's reader
    of natural images takes them. Labels are class indices.

    Args:
        request: the export.

    Raises:
        InputError: the number is out of range, the labels have gaps, there are fewer than two
            folds, or a file of the dataset is damaged.
    """
    dataset = request.dataset
    folder = _dataset_folder(request)
    names, labels = case_names(dataset), label_names(dataset)
    if len(dataset.folds) < 2:
        raise InputError(
            f"{dataset.folder} has one fold; nnU-Net's splits need two: make them by "
            f"med2d split {dataset.folder} --folds 5"
        )
    kind = _kind(dataset)
    _write_cases(request, folder, _jobs(dataset, names), kind)
    _write_json(folder / "dataset.json", _description(dataset, labels, kind))
    _write_json(folder / "splits_final.json", _splits(dataset, names))
    _advise(request, folder, labels)


def _dataset_folder(request: Request) -> Path:
    """Makes the folder that nnU-Net calls a dataset."""
    lowest, highest = NUMBERS
    if not lowest <= request.number <= highest:
        raise InputError(
            f"the dataset number is {request.number}; nnU-Net takes {lowest} to {highest}, of "
            "which those from 501 are free for your own"
        )
    folder = request.folder
    if not _FOLDER.fullmatch(request.out.name):
        folder = folder / f"Dataset{request.number:03d}_{plain(request.dataset.name)}"
        folder.mkdir()
    return folder


def _kind(dataset: Dataset) -> str:
    """Tells which file format fits: one for all files, images and labels."""
    files = [item["image"] for item in (*dataset.items, *dataset.testing)]
    return "nifti" if dataset.channels == 1 and all(map(is_nifti, files)) else "png"


def _jobs(dataset: Dataset, names: dict[str, str]) -> list[_Job]:
    """Lists the cases."""
    parts = zip(_PARTS, (dataset.items, dataset.testing), strict=True)
    return [_Job(item, names[item["image"]], part) for part, items in parts for item in items]


def _write_cases(request: Request, folder: Path, jobs: list[_Job], kind: str) -> None:
    """Writes all images and labels, on all cores."""
    dataset = request.dataset
    for part in dict.fromkeys(job.part for job in jobs):
        for name in ("images", "labels"):
            (folder / f"{name}{part}").mkdir()
    work = partial(
        _write_case,
        source=dataset.folder,
        folder=folder,
        channels=dataset.channels,
        classes=len(dataset.labels),
        kind=kind,
    )
    with mapped(work, jobs, request.workers) as done, counting("exporting") as report:
        for number, _ in enumerate(done, start=1):
            report(number, len(jobs))


def _write_case(
    job: _Job, source: Path, folder: Path, channels: int, classes: int, kind: str
) -> None:
    """Writes one image and its label; runs in a worker."""
    item, suffix, spacing = job.item, SUFFIXES[kind], job.item.get("spacing")
    image = read_image(source / item["image"], channels)
    mask = read_mask(source / item["label"], classes, image.shape[:2])
    target = folder / f"images{job.part}" / f"{job.name}_0000{suffix}"
    if kind == "png" and _is_as_it_should(source / item["image"], channels):
        shutil.copyfile(source / item["image"], target)
    else:
        target.write_bytes(encode(image, kind, spacing))
    label = folder / f"labels{job.part}" / f"{job.name}{suffix}"
    label.write_bytes(encode(mask, kind, spacing))


def _is_as_it_should(path: Path, channels: int) -> bool:
    """Tells whether a file is a PNG of the right channels, which can be copied as it stands."""
    with Image.open(path) as image:
        fits = ("L", "I;16") if channels == 1 else ("RGB",)
        return image.format == "PNG" and image.mode in fits


def _description(dataset: Dataset, labels: list[str], kind: str) -> dict[str, Any]:
    """Gives the content of nnU-Net's dataset.json."""
    if dataset.channels == 3:
        channels = {"0": "R", "1": "G", "2": "B"}
    else:
        channels = {"0": dataset.modality.get("0", "OT")}
    return {
        "channel_names": channels,
        "labels": {"background": 0, **{name: i for i, name in enumerate(labels) if i}},
        "numTraining": len(dataset.items),
        "file_ending": SUFFIXES[kind],
        "overwrite_image_reader_writer": "SimpleITKIO" if kind == "nifti" else "NaturalImage2DIO",
        "name": dataset.name,
        "reference": dataset.reference,
        "licence": dataset.licence,
        **({LEAKY: True} if dataset.leaky else {}),
    }


def _splits(dataset: Dataset, names: dict[str, str]) -> list[dict[str, list[str]]]:
    """Gives the content of splits_final.json: each of our folds validates once."""
    folds = [(names[item["image"]], item["fold"]) for item in dataset.items]
    return [
        {
            "train": sorted(name for name, fold in folds if fold != validating),
            "val": sorted(name for name, fold in folds if fold == validating),
        }
        for validating in dataset.folds
    ]


def _write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _advise(request: Request, folder: Path, labels: list[str]) -> None:
    """Says what nnU-Net leaves to the person."""
    place = request.out if folder == request.folder else request.out / folder.name
    if labels[0] != "background":
        request.say(f'label 0, "{labels[0]}", is called background, as nnU-Net demands')
    request.say(
        f"after nnUNetv2_plan_and_preprocess, copy {place / 'splits_final.json'} to "
        f"nnUNet_preprocessed/{place.name}, so that nnU-Net keeps the folds"
    )
