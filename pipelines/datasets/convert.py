"""From a raw folder to a dataset folder."""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pipelines
from pipelines.datasets import duplicates, mask, picture
from pipelines.datasets.dataset import Dataset, Item, write
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import Facts, Sample, Scan, printable
from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.splits import make_folds
from pipelines.datasets.staging import staged
from pipelines.errors import InputError
from pipelines.progress import counting

Say = Callable[[str], None]

_NAMED = 10  # lines of one kind that are shown before the rest is only counted


@dataclass(frozen=True)
class Options:
    """How to convert.

    Attributes:
        task: what the dataset is for.
        folds: number of folds.
        seed: of the assignment of folds.
        workers: number of processes; all cores where it is not given. It changes no byte.
        overwrite: whether a dataset folder in the way may be replaced.
        keep_conflicts: whether near-duplicates of different classes stay in.
        mapping: values that masks may hold besides 0 and 255, each with its class index.
    """

    task: str = "segmentation"
    folds: int = 5
    seed: int = 0
    workers: int | None = None
    overwrite: bool = False
    keep_conflicts: bool = False
    mapping: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Conversion:
    """What a conversion made.

    Attributes:
        dataset: the dataset, as written.
        pairs: number of near-duplicate pairs that were found.
        clusters: number of groups that have several images.
        left_out: the source names that were left out.
    """

    dataset: Dataset
    pairs: int
    clusters: int
    left_out: list[str]


@dataclass(frozen=True)
class _Job:
    """A sample and the name that it gets, such as ``benign_0001.png``."""

    sample: Sample
    name: str


@dataclass(frozen=True)
class _Record:
    """What a worker reports of a sample; the pixels stay behind.

    Attributes:
        problems: why it cannot be used; the rest is empty then.
        facts: the entries of its item that only the pixels tell.
        small: its small copy, uint8.
        marked: whether the mask holds anything.
    """

    problems: list[str]
    facts: Item
    small: NDArray[np.uint8] | None = None
    marked: bool = False


def convert(
    raw: str | Path,
    out: str | Path,
    layout: str = "busi",
    options: Options | None = None,
    say: Say = print,
) -> Conversion:
    """Converts a raw folder to a dataset folder.

    Args:
        raw: the raw folder.
        out: where the dataset folder shall be; it appears whole or not at all.
        layout: a name of ``LAYOUTS``.
        options: how to convert.
        say: called with every line that a person should read.

    Returns:
        What was made.

    Raises:
        InputError: the raw folder has problems (all are named, nothing is written), or the
            dataset folder cannot be written.
    """
    options = options or Options()
    raw, out = Path(raw), Path(out)
    reader = importlib.import_module(LAYOUTS[layout].module)
    facts: Facts = reader.FACTS
    _check_options(options, facts)
    _check_apart(raw, out)
    scan = _scanned(reader, raw)
    with staged(out.resolve(), options.overwrite) as folder:
        jobs = _named(scan.samples)
        records = _convert_all(jobs, folder, options)
        _check_problems(raw, scan, records)
        for line in _shortened(scan.warnings + _odd_masks(jobs, records, facts)):
            say(f"warning: {line}")
        pairs = duplicates.find_pairs(_smalls(records))
        kept, left_out = _keep(jobs, pairs, options, folder, say)
        items = _items(jobs, records, pairs, kept, options)
        dataset = _dataset(folder, items, facts, layout, options, left_out)
        write(dataset)
    final = Dataset(**{**vars(dataset), "folder": out.absolute()})
    return Conversion(final, len(pairs), _several(items), [each["source"] for each in left_out])


def _scanned(reader: Any, raw: Path) -> Scan:
    """Lists the raw folder with the layout's reader."""
    try:
        return reader.scan(raw)
    except OSError as error:
        raise InputError(f"{error.filename or raw} cannot be read: {error.strerror}") from None


def _check_options(options: Options, facts: Facts) -> None:
    """Refuses mapped indices that have no label."""
    for value, index in (options.mapping or {}).items():
        if not 0 <= index < len(facts.labels):
            known = ", ".join(f"{number} ({name})" for number, name in enumerate(facts.labels))
            raise InputError(f"--map {value}={index}: there is no index {index}; expected {known}")


def _check_apart(raw: Path, out: Path) -> None:
    """Refuses one folder inside the other: writing would change what is read."""
    source, target = raw.resolve(), out.resolve()
    if source == target or source in target.parents:
        raise InputError(f"{out} lies inside the raw folder {raw}; give a folder outside it")
    if target in source.parents:
        raise InputError(f"the raw folder {raw} lies inside {out}; give another folder")


def _named(samples: Sequence[Sample]) -> list[_Job]:
    """Numbers the samples of every class."""
    numbers: dict[str, int] = {}
    jobs = []
    for sample in samples:
        number = numbers[sample.category] = numbers.get(sample.category, 0) + 1
        jobs.append(_Job(sample, f"{sample.category}_{number:04d}.png"))
    return jobs


def _convert_all(jobs: list[_Job], folder: Path, options: Options) -> list[_Record]:
    """Converts all samples into the folder, on all cores."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    work = partial(_convert_one, folder=folder, mapping=options.mapping)
    records = []
    with (
        mapped(work, jobs, options.workers or cores()) as results,
        counting("converting") as report,
    ):
        for record in results:
            records.append(record)
            report(len(records), len(jobs))
    return records


def _convert_one(job: _Job, folder: Path, mapping: Mapping[int, int] | None) -> _Record:
    """Decodes, checks, merges and encodes one sample; runs in a worker."""
    sample = job.sample
    problems: list[str] = []
    image = _tried(problems, picture.read, sample.image, f'image "{sample.source}"')
    masks = []
    for path in sample.masks:
        source = printable(path, sample.image.parents[len(Path(sample.source).parts) - 1])
        name = f'mask "{source}"'
        indices = _tried(problems, mask.read, path, name, mapping)
        if image is not None and indices is not None:
            problems.extend(_other_size(indices, name, image.pixels))
        masks.append(indices)
    if problems:
        return _Record(problems, {})
    merged = mask.merge(masks)
    facts: Item = {
        "sha256": _save(folder / "images" / job.name, image.pixels),
        "label_sha256": _save(folder / "masks" / job.name, merged),
        "width": image.pixels.shape[1],
        "height": image.pixels.shape[0],
    }
    if image.flags:
        facts["flags"] = ",".join(image.flags)
    return _Record([], facts, duplicates.small_copy(image.pixels), bool(merged.any()))


def _tried(problems: list[str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function; what the user must mend goes to the problems, so that all are found."""
    try:
        return function(*arguments)
    except InputError as error:
        problems.append(str(error))
        return None


def _other_size(indices: NDArray[np.uint8], name: str, pixels: NDArray[Any]) -> list[str]:
    """Compares the sizes of a mask and its image."""
    if indices.shape == pixels.shape:
        return []
    (height, width), (image_height, image_width) = indices.shape, pixels.shape
    return [f"{name} is {width} x {height} pixels, its image {image_width} x {image_height}"]


def _save(path: Path, pixels: NDArray[Any]) -> str:
    """Writes a PNG and gives the SHA-256 of the file."""
    data = picture.png(pixels)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _check_problems(raw: Path, scan: Scan, records: Sequence[_Record]) -> None:
    """Raises all problems as one error."""
    problems = scan.problems + [line for record in records for line in record.problems]
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        head = f"{len(problems)} problems in {raw}; nothing was written:"
        raise InputError("\n  ".join([head, *_shortened(problems)]))


def _shortened(lines: Sequence[str]) -> list[str]:
    """Keeps the first lines and counts the others."""
    rest = len(lines) - _NAMED
    return [*lines[:_NAMED], *([f"and {rest} more"] if rest > 0 else [])]


def _odd_masks(jobs: Sequence[_Job], records: Sequence[_Record], facts: Facts) -> list[str]:
    """Names lesion images with an empty mask and healthy ones with a mark."""
    lines = []
    for job, record in zip(jobs, records, strict=True):
        healthy = job.sample.category.casefold() in facts.healthy
        if record.marked == healthy:
            state = "not empty" if record.marked else "empty"
            name = job.sample.category
            lines.append(
                f'the mask of "{job.sample.source}" is {state}, though its class is {name}'
            )
    return lines


def _smalls(records: Sequence[_Record]) -> NDArray[np.uint8]:
    """Stacks the small copies."""
    return np.stack([record.small for record in records if record.small is not None])


def _keep(
    jobs: Sequence[_Job],
    pairs: Sequence[tuple[int, int]],
    options: Options,
    folder: Path,
    say: Say,
) -> tuple[list[int], list[dict[str, str]]]:
    """Leaves out near-duplicates of different classes: nobody knows which class is right."""
    samples = [job.sample for job in jobs]
    conflicts = [
        (samples[first], samples[second])
        for first, second in pairs
        if samples[first].category != samples[second].category
    ]
    if conflicts:
        action = "kept" if options.keep_conflicts else "left out"
        say(f"{action}: both images of near-duplicate pairs with two classes ({len(conflicts)}):")
        lines = [f'"{one.source}" and "{other.source}"' for one, other in conflicts]
        for line in _shortened(lines):
            say(f"  {line}")
    if options.keep_conflicts:
        return list(range(len(jobs))), []
    reasons: dict[str, str] = {}
    for one, other in conflicts:
        reasons.setdefault(one.source, f"near-duplicate of {other.source}")
        reasons.setdefault(other.source, f"near-duplicate of {one.source}")
    for job in jobs:
        if job.sample.source in reasons:
            (folder / "images" / job.name).unlink()
            (folder / "masks" / job.name).unlink()
    kept = [index for index, sample in enumerate(samples) if sample.source not in reasons]
    left = [
        {"source": sample.source, "reason": reasons[sample.source]}
        for sample in samples
        if sample.source in reasons
    ]
    return kept, left


def _items(
    jobs: Sequence[_Job],
    records: Sequence[_Record],
    pairs: Sequence[tuple[int, int]],
    kept: Sequence[int],
    options: Options,
) -> list[Item]:
    """Makes the entries of ``training``.

    Clusters are made with the images that are left out, too: two images that resemble the same
    third one stay together.
    """
    if not kept:
        raise InputError("every image is a near-duplicate of one of another class; nothing is left")
    gone = {job.sample.category for job in jobs} - {jobs[index].sample.category for index in kept}
    if gone:
        raise InputError(
            f"every image of {', '.join(sorted(gone))} is a near-duplicate of one of another "
            "class; was a class folder copied? Mend that, or keep them all by --keep-conflicts"
        )
    clusters = duplicates.clusters(len(jobs), pairs)[list(kept)].tolist()
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters), start=1)}
    groups = [f"g{numbers[cluster]:04d}" for cluster in clusters]
    classes = [jobs[index].sample.category for index in kept]
    folds = make_folds(classes, groups, options.folds, options.seed)
    return [
        {
            "image": f"images/{jobs[index].name}",
            "label": f"masks/{jobs[index].name}",
            "class": jobs[index].sample.category,
            "group": group,
            "fold": fold,
            "source": jobs[index].sample.source,
            **records[index].facts,
        }
        for index, group, fold in zip(kept, groups, folds, strict=True)
    ]


def _dataset(
    folder: Path,
    items: Sequence[Item],
    facts: Facts,
    layout: str,
    options: Options,
    left_out: list[dict[str, str]],
) -> Dataset:
    """Makes the record of the dataset folder."""
    return Dataset(
        folder=folder,
        name=facts.name,
        task=options.task,
        modality={"0": facts.modality},
        labels={str(index): name for index, name in enumerate(facts.labels)},
        licence=facts.licence,
        reference=facts.reference,
        channels=1,
        source={
            "layout": layout,
            "med2d": pipelines.__version__,
            "grouping": facts.grouping,
            "seed": options.seed,
            "folds": options.folds,
            "left_out": left_out,
        },
        items=tuple(items),
    )


def _several(items: Sequence[Item]) -> int:
    """Counts the groups that have several images."""
    sizes = Counter(item["group"] for item in items)
    return sum(size > 1 for size in sizes.values())
