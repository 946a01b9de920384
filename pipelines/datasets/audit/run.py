"""The audit of a dataset folder: measure every image once, judge, and write the report."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipelines.atomic import write_text
from pipelines.datasets import duplicates
from pipelines.datasets.audit.balance import balance, class_table
from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.flags import flag_table, flags_of, marked
from pipelines.datasets.audit.intensity import intensities
from pipelines.datasets.audit.leaks import leaks
from pipelines.datasets.audit.left_out import left_out, left_out_finding
from pipelines.datasets.audit.mask_classes import mask_table
from pipelines.datasets.audit.mask_faults import mask_faults
from pipelines.datasets.audit.measure import Work, measure_one
from pipelines.datasets.audit.oddities import oddities
from pipelines.datasets.audit.out_folder import check_out
from pipelines.datasets.audit.page import page
from pipelines.datasets.audit.pairing import (
    Copies,
    Pair,
    all_pairs,
    cluster_names,
    make_pairs,
    shows,
)
from pipelines.datasets.audit.picture_faults import picture_faults
from pipelines.datasets.audit.report import HTML, JSON, Report, by_severity
from pipelines.datasets.audit.resolution import resolution, size_oddities
from pipelines.datasets.dataset import Dataset
from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.table import nearest
from pipelines.errors import InputError
from pipelines.progress import counting

__all__ = ["audit"]

HEALTHY = frozenset({"normal", "healthy", "control", "negative", "no finding", "no lesion"})
"""Names (lower case) of classes of which no lesion is expected, unless somebody says so."""


@dataclass(frozen=True)
class _Looked:
    """The images with what was measured of them, and those that show the same."""

    cases: list[Case]
    found: duplicates.Pairs
    pairs: list[Pair]


def audit(
    dataset: Dataset,
    out: Path | None = None,
    workers: int | None = None,
    pairs: duplicates.Pairs | None = None,
    lesions: Sequence[str] | None = None,
) -> Report:
    """Looks at every image of a dataset and reports what is wrong with it.

    Args:
        dataset: the dataset, as ``dataset.load`` gives it; its files are looked for.
        out: the folder for ``audit.json`` and ``audit.html``; nothing is written without it. The
            same dataset gives the same bytes.
        workers: number of processes; all cores where it is not given. It changes no byte.
        pairs: near-duplicates that are known already, as indices (n, 2) into the items and then
            the testing items; looked for where not given.
        lesions: names of the classes whose masks should mark something; all but those whose names
            say otherwise (normal, healthy, …) where not given.

    Returns:
        The report.

    Raises:
        InputError: an image or mask is missing, a class name is unknown, or ``out`` holds other
            files or cannot be written.
    """
    if out is not None:
        check_out(dataset.folder, out)
    _check_files(dataset)
    expected = _expected(dataset, lesions)
    looked = _looked_at(dataset, workers or cores(), pairs)
    report = _report(dataset, looked, expected)
    if out is not None:
        _write(report, looked.cases, out, workers or cores())
    return report


def _check_files(dataset: Dataset) -> None:
    """Refuses a dataset of which files are missing."""
    missing = [
        path
        for item in (*dataset.items, *dataset.testing)
        for path in (item["image"], item["label"])
        if isinstance(path, str) and not os.path.isfile(f"{dataset.folder}/{path}")  # noqa: PTH113
    ]
    if missing:
        rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"{dataset.folder} lacks {missing[0]}{rest}, which dataset.json names; copy the whole "
            "folder again, or convert the raw folder again"
        )


def _expected(dataset: Dataset, lesions: Sequence[str] | None) -> list[str]:
    """Gives the classes whose masks should mark something."""
    if dataset.task != "segmentation" and lesions is None:
        return []
    if lesions is None:
        return [name for name in dataset.classes if name.casefold() not in HEALTHY]
    unknown = [name for name in lesions if name not in dataset.classes]
    if unknown:
        meant = nearest(unknown[0], dataset.classes)
        hint = f'; did you mean "{meant}"?' if meant else ""
        raise InputError(
            f"--expect-lesion names {', '.join(unknown)}, which is no class of the images; the "
            f"classes are {', '.join(dataset.classes)}{hint}"
        )
    return sorted(set(lesions))


def _labels(dataset: Dataset) -> dict[int, str]:
    """Gives class index to name."""
    wrong = [key for key in dataset.labels if not key.isdecimal() or int(key) > 65535]
    if wrong:
        raise InputError(
            f'{dataset.folder}/dataset.json: "labels" holds the key "{wrong[0]}"; expected class '
            'indices such as "0"'
        )
    return {int(key): dataset.labels[key] for key in sorted(dataset.labels, key=int)}


def _looked_at(dataset: Dataset, workers: int, near: duplicates.Pairs | None) -> _Looked:
    """Measures all images, and finds those that show the same."""
    with tempfile.TemporaryFile() as file:
        cases = _measured(dataset, workers, file)
        places = [place for place, case in enumerate(cases) if shows(case)]
        copies = Copies(_mapped(file, len(places)), places)
        if near is None:
            near = np.array(places, dtype=np.int64)[_near(copies.smalls, workers)]
        found = all_pairs(cases, near)
        return _Looked(cases, found, make_pairs(cases, found, copies))


def _measured(dataset: Dataset, workers: int, file: IO[bytes]) -> list[Case]:
    """Measures all images; the small copies of those that show something go to the file."""
    items = [*dataset.items, *dataset.testing]
    work = Work(
        folder=dataset.folder,
        classes=max(_labels(dataset), default=0) + 1,
        marks="US" in dataset.modality.values(),
    )
    cases: list[Case] = []
    with (
        mapped(partial(measure_one, work=work), items, workers) as results,
        counting("measuring") as report,
    ):
        for item, (measured, copy) in zip(items, results, strict=True):
            cases.append(Case(item, measured))
            if shows(cases[-1]):
                file.write(copy)
            report(len(cases), len(items))
    file.flush()
    return cases


def _mapped(file: IO[bytes], count: int) -> NDArray[np.uint8]:
    """Maps small copies (count, SIDE, SIDE) from a file."""
    shape = (count, duplicates.SIDE, duplicates.SIDE)
    return np.memmap(file, np.uint8, "r", shape=shape) if count else np.zeros(shape, np.uint8)


def _near(smalls: NDArray[np.uint8], workers: int) -> duplicates.Pairs:
    with counting("comparing") as report:
        return duplicates.find_pairs(smalls, workers, report)


def _report(dataset: Dataset, looked: _Looked, lesions: Sequence[str]) -> Report:
    """Judges what was measured."""
    cases, labels = looked.cases, _labels(dataset)
    grouping = str(dataset.source.get("grouping", ""))
    findings = [
        *leaks(cases, looked.pairs, dataset.leaky),
        *picture_faults(cases, dataset.channels),
        *mask_faults(cases, labels, lesions),
        *oddities(cases),
        *balance(cases, dataset.task, labels, grouping),
        *size_oddities(cases),
        *marked(cases),
        *left_out_finding(dataset),
    ]
    return Report(
        dataset=dataset,
        findings=by_severity(findings),
        classes=class_table(cases),
        mask_classes=mask_table(cases, labels),
        lesions=lesions,
        pairs=[pair.content() for pair in looked.pairs],
        pairs_found=len(looked.found),
        clusters=cluster_names(cases, looked.found),
        resolution=resolution(cases, dataset.task),
        intensity=intensities(cases, dataset.folds),
        flags={case.image: flags for case in cases if (flags := flags_of(case))},
        flag_counts=flag_table(cases),
        left_out=left_out(dataset),
    )


def _write(report: Report, cases: Sequence[Case], out: Path, workers: int) -> None:
    """Writes both files, each whole or not at all."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        html = page(report, cases, workers)
        write_text(out / JSON, json.dumps(report.content(), indent=1, ensure_ascii=False) + "\n")
        write_text(out / HTML, html)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror or error}; give another folder by --out"
        ) from error
