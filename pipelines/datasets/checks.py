"""What is checked before the first picture is opened."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pipelines.datasets.audit.report import HTML, JSON
from pipelines.datasets.dataset import FILE_NAME, KNOWN_ITEM_KEYS
from pipelines.datasets.layouts.sample import Problem, Request, Scan
from pipelines.datasets.options import Options
from pipelines.datasets.worker import IMAGES, MASKS
from pipelines.errors import InputError

_ENTRIES = frozenset({IMAGES, MASKS, FILE_NAME, JSON, HTML})  # of a dataset folder


def check_apart(raw: Path, out: Path) -> None:
    """Refuses one folder inside the other: writing would change what is read.

    Raises:
        InputError: one lies inside the other, or both are one.
    """
    source, target = Path(os.path.realpath(raw)), Path(os.path.realpath(out))
    if source == target:
        raise InputError(f"{out} is the raw folder itself; give another folder for the dataset")
    if source in target.parents:
        raise InputError(f"{out} lies inside the raw folder {raw}; give a folder outside it")
    if target in source.parents:
        raise InputError(
            f"the raw folder {raw} lies inside {out}; give another folder for the dataset"
        )


def check_scan(scan: Scan, request: Request, options: Options) -> None:
    """Checks what a layout found against what was asked for; brings labels into their order.

    Args:
        scan: what was found; samples of an unknown class move to its problems.
        request: what was asked of the layout.
        options: how to convert.

    Raises:
        InputError: the classes are not those that were asked for, a mapped index has no label, a
            name is that of an entry of the dataset folder, or NIfTI was asked for colours.
    """
    if request.task == "classification":
        _check_classes(scan, request)
    elif request.classes:
        scan.facts = replace(scan.facts, labels=request.classes)
    _check_mapping(scan, request)
    _check_names(scan)
    _check_format(scan, options)
    if not scan.samples and not scan.problems:
        raise InputError(f"{scan.root} holds no image of this layout")


def _check_classes(scan: Scan, request: Request) -> None:
    """Compares the classes that were asked for with those that were found."""
    labels = request.classes or scan.facts.labels
    found = {sample.category for sample in scan.samples}
    missing = [name for name in labels if name not in found]
    if request.classes and missing and not scan.problems:
        raise InputError(
            f"--classes names {', '.join(missing)}, of which there is no image; found: "
            f"{', '.join(sorted(found)) or 'none'}"
        )
    if request.classes and found - set(labels):
        raise InputError(
            f"--classes does not name {', '.join(sorted(found - set(labels)))}; name every class "
            "in the order of the indices, or take its images out"
        )
    unknown = [sample for sample in scan.samples if sample.category not in labels]
    scan.problems += [
        Problem(
            sample.source,
            f'image "{sample.source}" has the unknown class "{sample.category}"; expected '
            f"{', '.join(labels)}",
        )
        for sample in unknown
    ]
    if unknown:
        scan.samples = [sample for sample in scan.samples if sample.category in labels]
    kept = tuple(name for name in labels if name in found)
    scan.facts = replace(scan.facts, labels=kept)


def _check_mapping(scan: Scan, request: Request) -> None:
    """Refuses mapped indices that have no label."""
    labels = scan.facts.labels
    for value, index in request.mapping.items():
        if not 0 <= index < len(labels):
            known = ", ".join(f"{number} ({name})" for number, name in enumerate(labels))
            raise InputError(f"--map {value}={index}: there is no index {index}; expected {known}")


def _check_names(scan: Scan) -> None:
    """Refuses values that MONAI would take for paths, and keys that are taken."""
    values = {("class", sample.category) for sample in scan.samples}
    for sample in scan.samples:
        values.update(sample.columns.items())
    for key, value in sorted(values):
        if value.casefold() in _ENTRIES:
            raise InputError(
                f'"{value}" is the {key} of some images and also an entry of every dataset '
                "folder; MONAI would make a path of it: rename it"
            )
        if key in KNOWN_ITEM_KEYS and key != "class":
            raise InputError(f'the column "{key}" is one of dataset.json\'s own; rename it')


def _check_format(scan: Scan, options: Options) -> None:
    """Refuses colours in NIfTI: those who read it expect one channel."""
    channels = options.channels or scan.facts.channels
    if options.kind == "nifti" and channels != 1:
        raise InputError(
            "--format nifti keeps one grey channel, and this dataset would be in colour; give "
            "--grey, or --format png"
        )
