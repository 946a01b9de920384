"""From a raw folder to a dataset folder."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import pipelines
from pipelines.datasets import checks, duplicates, journal
from pipelines.datasets.conflicts import without_conflicts
from pipelines.datasets.dataset import Dataset, Item, check, write
from pipelines.datasets.depths import mixed_depths
from pipelines.datasets.grouping import grouping_text, joined
from pipelines.datasets.items import fold_numbers, group_names, make_items, several
from pipelines.datasets.job import Job, numbered
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import Problem, Request, Sample, Scan
from pipelines.datasets.left_out_counts import count_left_out
from pipelines.datasets.limit import check_limit, limited
from pipelines.datasets.made_images import without_claims
from pipelines.datasets.official_parts import apart
from pipelines.datasets.options import Options
from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.problems import LeftOut, as_left_out, reason_lines, refuse, shortened
from pipelines.datasets.record import Record
from pipelines.datasets.splits import SKIP_BAD
from pipelines.datasets.staging import check_place, staged, work_folder
from pipelines.datasets.worker import IMAGES, MASKS, Work, convert_one
from pipelines.errors import InputError
from pipelines.progress import counting

__all__ = ["Conversion", "Options", "convert"]

Say = Callable[[str], None]

_JOURNAL, _SMALLS = "journal", "smalls"  # in the work folder
_SIDE = duplicates.SIDE
_NO_CLASS = "image"  # the class of a segmentation set without classes


@dataclass(frozen=True)
class Conversion:
    """What a conversion made.

    Attributes:
        dataset: the dataset, as written.
        pairs: number of near-duplicate pairs that were found.
        clusters: number of groups that have several images.
        left_out: the source names that were left out.
        left_out_counts: their numbers, by kind; see ``left_out_counts.KINDS``.
        written: whether the dataset folder stands; not after a dry run.
        audit: the number of the audit's findings of each severity; nothing without one.
    """

    dataset: Dataset
    pairs: int
    clusters: int
    left_out: list[str]
    left_out_counts: dict[str, int]
    written: bool = True
    audit: dict[str, int] | None = None


@dataclass(frozen=True)
class _Converted:
    """The samples that could be converted, with what the workers reported."""

    jobs: list[Job]
    records: list[Record]
    left_out: list[LeftOut]


def convert(
    raw: str | Path,
    out: str | Path,
    layout: str = "busi",
    options: Options | None = None,
    say: Say = print,
) -> Conversion:
    """Converts a raw folder to a dataset folder.

    Stopped by Ctrl-C or killed, it keeps what it had done beside ``out``; the same call goes on
    from there, and its result is the same to the byte.

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
    checks.check_apart(raw, out)
    request = _request(layout, raw, options)
    scan = _scanned(layout, raw, request, say)
    checks.check_scan(scan, request, options)
    if not options.skip_bad and not scan.samples:
        refuse(raw, scan.problems)
    if options.limit is not None and options.limit < len(scan.samples):
        scan.samples = limited(scan.samples, options.limit)
    else:
        options = replace(options, limit=None)  # so that no message blames it
    with _place(out, _fingerprint(raw, layout, options, request), options) as (folder, work):
        done = _converted(raw, scan, folder, work, options, request, say)
        pairs = _pairs(done, work, options)
        made = _dataset(out, scan, done, pairs, layout, options, request, say)
        _say_depths(made, done, say)
        known = _among_items(pairs, done, made) if options.audit else pairs
        del done  # of a hundred thousand images, the entries of dataset.json alone are kept
        found = None
        if folder is None:
            check(made, files=False)
        else:
            _remove_others(folder, made)
            if options.audit:
                made, found = _audited(made, folder, known, options)
            write(replace(made, folder=folder))
    left_out = made.source["left_out"]
    return Conversion(
        made,
        pairs=len(pairs),
        clusters=several(made.items),
        left_out=[each["source"] for each in left_out],
        left_out_counts=count_left_out(left_out, scan.problems, (raw, scan.root)),
        written=folder is not None,
        audit=found,
    )


def _request(layout: str, raw: Path, options: Options) -> Request:
    """Makes the layout's part of the options; refuses a task that the layout does not serve."""
    tasks = LAYOUTS[layout].bundles
    task = options.task or _told_task(layout, raw, options) or next(iter(tasks))
    if task not in tasks:
        raise InputError(f"the {layout} layout has no {task}; expected --task {' or '.join(tasks)}")
    return Request(task, tuple(options.classes), dict(options.mapping or {}), options.layout)


def _told_task(layout: str, raw: Path, options: Options) -> str | None:
    """Gives the task that the data say that they are for, where the layout's data do."""
    if not LAYOUTS[layout].tells_task:
        return None
    reader = importlib.import_module(LAYOUTS[layout].module)
    try:
        told: str | None = reader.told_task(raw, options.layout)
    except OSError as error:
        raise InputError(f"{error.filename or raw} cannot be read: {error.strerror}") from None
    return told


def _scanned(layout: str, raw: Path, request: Request, say: Say) -> Scan:
    """Lists the raw folder with the layout's reader."""
    reader = importlib.import_module(LAYOUTS[layout].module)
    try:
        scan: Scan = reader.scan(raw, request)
    except OSError as error:
        raise InputError(f"{error.filename or raw} cannot be read: {error.strerror}") from None
    for line in shortened(scan.warnings):
        say(f"warning: {line}")
    return scan


def _fingerprint(raw: Path, layout: str, options: Options, request: Request) -> str:
    """Hashes all that the files of a conversion depend on, but the raw files themselves.

    A hash, because an option may be a secret, such as the salt of patient ids.
    """
    content = {
        "raw": os.path.realpath(raw),
        "layout": layout,
        "med2d": pipelines.__version__,
        "task": request.task,
        "classes": request.classes,
        "mapping": sorted(request.mapping.items()),
        "options": {key: value for key, value in request.options.items() if value is not None},
        "made": [options.kind, options.size, options.channels, options.limit],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@contextmanager
def _place(out: Path, request: str, options: Options) -> Iterator[tuple[Path | None, Path]]:
    """Gives the folder to fill (nothing in a dry run), and one for what only the making needs."""
    if options.dry_run:
        check_place(Path(os.path.realpath(out)), options.overwrite)
        with tempfile.TemporaryDirectory(prefix="med2d-") as work:
            yield None, Path(work)
    else:
        with staged(out, options.overwrite, request=request) as folder:
            yield folder, work_folder(folder)


def _converted(
    raw: Path,
    scan: Scan,
    folder: Path | None,
    work: Path,
    options: Options,
    request: Request,
    say: Say,
) -> _Converted:
    """Converts all samples into the folder; refuses problems, or leaves them out."""
    channels = options.channels or scan.facts.channels
    settings = Work(
        smalls=work / _SMALLS,
        folder=folder,
        kind=options.kind,
        channels=channels,
        size=options.size,
        masked=request.task == "segmentation",
        labels=scan.facts.labels,
    )
    jobs = numbered(scan.samples, options.kind, journal.read(work / _JOURNAL))
    scan.samples = []  # from here the jobs hold them
    _prepare(jobs, settings)
    records = _convert_all(jobs, settings, work / _JOURNAL, options)
    problems = scan.problems + [
        Problem(job.sample.source, line)
        for job, record in zip(jobs, records, strict=True)
        for line in record.problems
    ]
    if not options.skip_bad:
        rest = any(not record.problems for record in records)
        refuse(raw, problems, SKIP_BAD if rest else "")
    left_out = as_left_out(problems)
    _say_left_out(left_out, say)
    good = [place for place, record in enumerate(records) if not record.problems]
    if not good:
        raise InputError(f"nothing in {raw} can be converted; mend what is named above")
    done = _Converted([jobs[i] for i in good], [records[i] for i in good], left_out)
    for line in shortened(_odd_masks(done, scan)) if settings.masked else []:
        say(f"warning: {line}")
    for line in _transparent(done):
        say(f"warning: {line}")
    coloured = sum("colour" in record.flags.split(",") for record in done.records)
    if coloured and options.channels is None:
        say(
            f"warning: {coloured} of {len(done.records)} images are in colour and become grey; "
            "give --rgb to keep it, or --grey if that is meant"
        )
    return done


def _prepare(jobs: Sequence[Job], settings: Work) -> None:
    """Makes the folders, and a file for the small copies; removes files that no job is to make."""
    with settings.smalls.open("ab") as file:
        file.truncate(len(jobs) * _SIDE**2)
    if settings.folder is None:
        return
    names = {job.name for job in jobs if job.earlier is not None}
    for part in (IMAGES, MASKS) if settings.masked else (IMAGES,):
        place = settings.folder / part
        place.mkdir(exist_ok=True)
        for path in place.iterdir():
            if path.name not in names:
                path.unlink()


def _convert_all(
    jobs: Sequence[Job], settings: Work, noted: Path, options: Options
) -> list[Record]:
    """Converts all samples, on all cores, and takes down what is finished."""
    records: list[Record] = []
    convert_job = partial(convert_one, work=settings)
    with (
        journal.writing(noted) if settings.folder else nullcontext() as note,
        mapped(convert_job, jobs, options.workers or cores()) as results,
        counting("converting") as report,
    ):
        for job, record in zip(jobs, results, strict=True):
            records.append(replace(record, key=""))  # the key is for the journal
            if note is not None and not record.problems and record != job.earlier:
                note(job.name, record)
            report(len(records), len(jobs))
    return records


def _say_left_out(left_out: Sequence[LeftOut], say: Say) -> None:
    """Names what is left out because it cannot be converted."""
    if left_out:
        say(f"left out: what cannot be converted ({len(left_out)}):")
        for line in shortened(reason_lines(left_out)):
            say(f"  {line}")


def _transparent(done: _Converted) -> list[str]:
    """Tells of images that are transparent in part, and of what their masks mark there."""
    clear = [
        (job.sample.source, record)
        for job, record in zip(done.jobs, done.records, strict=True)
        if record.clear
    ]
    if not clear:
        return []
    most = max(record.clear for _, record in clear)
    line = (
        f"{len(clear)} of {len(done.records)} images are wholly transparent in part (up to "
        f'{most:.0%} of one), such as "{clear[0][0]}": these parts become black'
    )
    marked = [(source, record.unseen) for source, record in clear if record.unseen]
    if marked:
        pixels = sum(count for _, count in marked)
        line += (
            f". What masks mark there becomes background ({pixels} pixels in {len(marked)} masks, "
            f'such as of "{marked[0][0]}")'
        )
    return [line]


def _odd_masks(done: _Converted, scan: Scan) -> list[str]:
    """Names masks that are empty though a lesion is expected, or the other way round.

    Where the images have no classes, nothing is expected: empty masks are counted.
    """
    lines, empty = [], []
    for job, record in zip(done.jobs, done.records, strict=True):
        name = job.sample.category
        healthy = name.casefold() in scan.facts.healthy
        mask = f'the mask of "{job.sample.source}"'
        if record.vanished:
            lines.append(f"{mask} became empty when it was shrunk; give a greater --size")
        elif name == _NO_CLASS:
            empty += [] if record.marked else [job.sample.source]
        elif record.marked == healthy:
            state = "not empty" if record.marked else "empty"
            lines.append(f"{mask} is {state}, though its class is {name}")
    if empty:
        lines.append(f'{len(empty)} of {len(done.jobs)} masks are empty, such as of "{empty[0]}"')
    return lines


def _pairs(done: _Converted, work: Path, options: Options) -> duplicates.Pairs:
    """Finds the near-duplicates, as pairs of places among the converted samples."""
    smalls = _mapped_smalls(work / _SMALLS)
    if len(done.jobs) < len(smalls):
        smalls = _chosen(smalls, [job.index for job in done.jobs], work / "chosen")
    with counting("comparing") as report:
        return duplicates.find_pairs(smalls, options.workers or cores(), report)


def _chosen(smalls: NDArray[np.uint8], places: Sequence[int], path: Path) -> NDArray[np.uint8]:
    """Copies some small copies to a file, and maps that."""
    with path.open("wb") as file:
        for place in places:
            file.write(smalls[place].tobytes())
    return _mapped_smalls(path)


def _mapped_smalls(path: Path) -> NDArray[np.uint8]:
    """Maps small copies (n, SIDE, SIDE) from a file."""
    return np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, _SIDE, _SIDE)


def _dataset(
    out: Path,
    scan: Scan,
    done: _Converted,
    pairs: duplicates.Pairs,
    layout: str,
    options: Options,
    request: Request,
    say: Say,
) -> Dataset:
    """Decides on groups, parts and folds, and makes the record of the dataset folder."""
    samples: list[Sample] = [job.sample for job in done.jobs]
    kept, conflicts = without_conflicts(samples, pairs, options.keep_conflicts, say)
    # With the images that are left out, too: two that resemble the same third stay together.
    groups = joined(samples, pairs, [record.blank for record in done.records])
    testing: list[int] = []
    crossing: list[LeftOut] = []
    if options.keep_split:
        kept, testing, crossing = apart(samples, groups, kept, options.skip_bad, say)
    names = group_names(groups, [*kept, *testing])
    warn = (lambda line: say(f"warning: {line}")) if options.skip_bad else None
    classes = {place: samples[place].category for place in kept}
    if options.limit is not None:
        check_limit(classes.values(), [names[place] for place in kept], options)
    folds = fold_numbers(classes, names, options.folds, options.seed, warn)
    labels = scan.facts.labels if request.task == "classification" else None

    def items(chosen: Sequence[int]) -> tuple[Item, ...]:
        return tuple(make_items(chosen, done.jobs, done.records, names, folds, labels))

    left_out = [*done.left_out, *conflicts, *crossing]
    facts = without_claims(scan.facts, samples)
    return Dataset(
        folder=out.absolute(),
        name=facts.name,
        task=request.task,
        modality=_modality(facts.modality, options.channels or facts.channels),
        labels={str(index): name for index, name in enumerate(facts.labels)},
        licence=facts.licence,
        reference=facts.reference,
        channels=options.channels or facts.channels,
        source={
            "layout": layout,
            "med2d": pipelines.__version__,
            "grouping": grouping_text(facts.grouping, samples),
            "seed": options.seed,
            "folds": options.folds,
            "left_out": left_out,
        },
        items=items(kept),
        testing=items(testing),
        colours=facts.colours if labels is None else (),
    )


def _modality(code: str, channels: int) -> dict[str, str]:
    """Gives the modality of each channel."""
    return {str(channel): code for channel in range(channels)}


def _among_items(pairs: duplicates.Pairs, done: _Converted, made: Dataset) -> duplicates.Pairs:
    """Gives pairs of converted samples as pairs of entries, without those that were left out."""
    items = (*made.items, *made.testing)
    numbers = {item["image"]: number for number, item in enumerate(items)}
    places = [numbers.get(f"{IMAGES}/{job.name}", -1) for job in done.jobs]
    found = np.sort(np.array(places, dtype=np.int64)[pairs], axis=1)
    return found[found[:, 0] >= 0]


def _audited(
    made: Dataset, folder: Path, pairs: duplicates.Pairs, options: Options
) -> tuple[Dataset, dict[str, int]]:
    """Audits the new folder; gives the dataset with the marks that were found as flags."""
    from pipelines.datasets.audit.flags import with_flags
    from pipelines.datasets.audit.run import audit

    report = audit(replace(made, folder=folder), folder, options.workers, pairs)
    return with_flags(made, report.flags), report.counts


def _say_depths(made: Dataset, done: _Converted, say: Say) -> None:
    """Warns of a mixture of images of 8 and of 16 bits."""
    kept = {item["image"] for item in (*made.items, *made.testing)}
    records = zip(done.jobs, done.records, strict=True)
    line = mixed_depths([each.deep for job, each in records if f"{IMAGES}/{job.name}" in kept])
    if line:
        say(f"warning: {line}")


def _remove_others(folder: Path, made: Dataset) -> None:
    """Removes the files of samples that were left out."""
    names = {item["image"].partition("/")[2] for item in (*made.items, *made.testing)}
    for part in (IMAGES, MASKS):
        for path in (folder / part).iterdir() if (folder / part).is_dir() else ():
            if path.name not in names:
                path.unlink()
