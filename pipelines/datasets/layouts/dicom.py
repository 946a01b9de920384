"""The dicom layout: a tree of DICOM files, ultrasound and radiographs, of one frame or many.

**Classes** are the folders right below the raw folder, the rows of a table (``--csv``) or the
values of a header element (``--class-tag``). **Segmentation** takes masks as picture files: x.png
or x_mask.png beside x.dcm, or in a folder masks/; DICOM SEG objects are not read.

**Patients.** Group is the PatientID with its issuer, hashed (``p`` and twelve hexadecimal digits);
without one, the study. ``--salt`` keeps a secret out of reach of whoever can guess ids: use it
before a dataset is passed on. Of the header only modality, body part, view, laterality (where they
are one word, as codes are) and kind of pixels are kept. A file whose path holds a name, an id, a
date of birth or a UID of its header is recorded under a hash of its path. What is burnt into the
pixels stays there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.classes import Classes, check_several, match_classes
from pipelines.datasets.layouts.columns import choose_columns
from pipelines.datasets.layouts.dicom_class_tag import ClassTag, class_tag
from pipelines.datasets.layouts.dicom_files import SUFFIXES, DicomFile, DicomFiles
from pipelines.datasets.layouts.dicom_frames import chosen_frames
from pipelines.datasets.layouts.dicom_identity import Identity
from pipelines.datasets.layouts.find_table import find_table
from pipelines.datasets.layouts.first_folders import class_folder, class_level
from pipelines.datasets.layouts.label_request import label_rule, whole_number
from pipelines.datasets.layouts.labelled_rows import LabelledRows
from pipelines.datasets.layouts.lookup import Lookup
from pipelines.datasets.layouts.mask_names import Naming, mask_stems
from pipelines.datasets.layouts.mask_pairs import pair
from pipelines.datasets.layouts.pseudonym import PATIENTS
from pipelines.datasets.layouts.sample import (
    Facts,
    Problem,
    Request,
    Sample,
    Scan,
    natural,
    plain_name,
)
from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.layouts.walk import Walk, is_picture, shown, walk
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import looks_like_dicom
from pipelines.datasets.sources.label_file import LabelFile
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.table import read_table
from pipelines.errors import InputError

NAME = "dicom"

_STUDIES = "studies of the data, joined with near-duplicate clusters"
_LOOKED_AT = 20  # files without a suffix whose first bytes a sign reads
_MOST_WINDOWS = 999


@dataclass(frozen=True)
class _Wanted:
    """The options of the layout, checked.

    Attributes:
        identity: how patients are told apart.
        frames: which frames become images.
        window: index of the window, or nothing for none.
        bits: 8 or 16.
        tag: the element that names classes.
        csv: the table that names classes.
        any_modality: whether other modalities are read too.
    """

    identity: Identity
    frames: str
    window: int | None
    bits: int
    tag: ClassTag | None
    csv: str | None
    any_modality: bool


def scan(raw: Path, request: Request) -> Scan:
    """Lists the frames of the DICOM files; reads headers, no pixels.

    Args:
        raw: the folder of the files.
        request: what the person asked for; of its options ``csv``, ``image_column``,
            ``label_column``, ``class_tag``, ``group_by``, ``salt``, ``keep_ids``,
            ``any_modality``, ``frames``, ``window_index`` and ``bits``.

    Returns:
        Samples by class, then in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder is missing, empty or of another layout; an option means nothing; or
            nothing names the classes.
    """
    wanted = _wanted(request)
    tree = walk(raw, NAME)
    headers = DicomFiles(wanted.identity, wanted.tag, wanted.any_modality)
    headers.read(tree)
    if not headers.files and not headers.problems:
        raise InputError(
            f"{raw} looks like {recognise(raw)}, not the {NAME} layout: expected DICOM files, such "
            "as x.dcm"
        )
    found = Scan(raw, _facts(raw, headers.files, wanted))
    found.problems += [*tree.problems, *headers.problems]
    found.warnings += [*tree.warnings, *headers.warnings]
    concealment = headers.concealment
    add = _segment if request.task == "segmentation" else _classify
    try:
        add(found, tree, headers, request, wanted)
    except InputError as error:
        raise InputError(concealment.line(str(error))) from None
    found.problems = [concealment.problem(problem) for problem in found.problems]
    found.warnings = [concealment.line(line) for line in found.warnings]
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a file with the suffix of DICOM, else for its magic word at byte 128.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        What shows it, such as ``*.dcm``; never a path, which may name a patient. Or nothing.
    """
    for file in files:
        if file.suffix.casefold() in SUFFIXES:
            return f"*{file.suffix}"
        if file.name.casefold() == "dicomdir":
            return file.name
    plain = [file for file in files if not is_picture(file)]
    for file in plain[:_LOOKED_AT]:
        if (root / file).is_file() and looks_like_dicom(root / file):
            return "DICOM files without a suffix"
    return None


def _wanted(request: Request) -> _Wanted:
    """Checks the options."""
    options = request.options
    group = str(options.get("group_by") or "patient")
    if group not in ("patient", "study"):
        raise InputError(f"--group-by {group}: expected patient or study")
    bits = str(options.get("bits") or "8")
    if bits not in ("8", "16"):
        raise InputError(f"--bits {bits}: expected 8 or 16")
    tag, csv = options.get("class_tag"), options.get("csv")
    if tag and csv:
        raise InputError("--class-tag and --csv both name the classes; give one of them")
    frames = str(options.get("frames") or "all")
    chosen_frames(frames, 1)
    window = str(options.get("window_index") or "0").strip().casefold()
    return _Wanted(
        Identity(group, str(options.get("salt") or ""), bool(options.get("keep_ids"))),
        frames,
        None if window == "none" else whole_number(window, "--window-index", 0, _MOST_WINDOWS),
        int(bits),
        class_tag(str(tag)) if tag else None,
        str(csv) if csv else None,
        bool(options.get("any_modality")),
    )


def _facts(
    raw: Path, files: list[DicomFile], wanted: _Wanted, labels: tuple[str, ...] = ()
) -> Facts:
    """Gives the facts; the modality is the one of most files."""
    counts = Counter(file.modality for file in files)
    most = max(sorted(counts), key=lambda code: counts[code]) if counts else "OT"
    grouping = PATIENTS if wanted.identity.by == "patient" else _STUDIES
    return Facts(name=plain_name(raw), modality=most, labels=labels, grouping=grouping)


def _classify(
    found: Scan, tree: Walk, headers: DicomFiles, request: Request, wanted: _Wanted
) -> None:
    """Adds the samples of a classification."""
    files = headers.files
    if wanted.csv:
        names, classes = _by_table(found, tree, headers, request, wanted.csv)
    else:
        names, classes = _by_label(found, files, request, wanted)
    found.facts = _facts(found.root, files, wanted, names)
    order = {name: index for index, name in enumerate(names)}
    chosen = [file for file in files if file.path in classes]
    chosen.sort(key=lambda file: (order[classes[file.path]], natural(shown(file.path))))
    for file in chosen:
        found.samples.extend(_samples(found.root, file, classes[file.path], wanted))
    check_several(found)


def _by_table(
    found: Scan, tree: Walk, headers: DicomFiles, request: Request, csv: str
) -> tuple[tuple[str, ...], dict[PurePosixPath, str]]:
    """Gives the classes that a table names; rows of unusable files are no problem of their own."""
    table = read_table(find_table(tree, csv, NAME))
    paths = [*(file.path for file in headers.files), *headers.unusable]
    lookup = Lookup(paths, top=tree.root.absolute().name)
    kept = ("image_column", "label_column")
    options = {name: request.options.get(name) for name in kept}
    columns = choose_columns(table, options, lookup.find)
    where = f'column "{columns.label}" of {table.path}'
    classes = match_classes((row.values[columns.label] for row in table.rows), request, where)
    rows = LabelledRows(table, columns, classes, lookup)
    entries = {entry.file: entry.category for entry in rows.entries()}
    found.problems += rows.problems
    found.warnings += rows.warnings
    return classes.names, entries


def _by_label(
    found: Scan, files: list[DicomFile], request: Request, wanted: _Wanted
) -> tuple[tuple[str, ...], dict[PurePosixPath, str]]:
    """Gives the classes that folders or a header element name."""
    tag, level = wanted.tag, class_level([file.path for file in files])
    labels = {file.path: file.label if tag else class_folder(file.path, level) for file in files}
    if level and not tag:
        top = shown(files[0].path.parts[0])
        found.warnings.append(f'the class folders are those in "{top}", the only folder')
    if not tag and files and not any(labels.values()):
        raise InputError(
            f"{found.root} has no folders that could name the classes; expected RAW/<class>/x.dcm. "
            "Give --csv TABLE, or --class-tag BodyPartExamined or another element"
        )
    where = f"the element {tag.keyword}" if tag else f"the folders of {found.root}"
    given = [label for label in labels.values() if label]
    classes = match_classes(given, request, where)
    kept = {}
    for file in files:
        named = not tag and file.names_patient[level : level + 1] == (True,)
        reason = _unclassified(labels[file.path], classes, tag, named)
        if reason:
            found.problems.append(Problem(shown(file.path), f'file "{shown(file.path)}" {reason}'))
        else:
            kept[file.path] = classes.of[labels[file.path]]
    return classes.names, kept


def _unclassified(label: str, classes: Classes, tag: ClassTag | None, named: bool) -> str | None:
    """Says why a file has no class, or nothing."""
    if not label and tag:
        return f"has no {tag.keyword} in its header; give its class by --csv, or take it out"
    if not label:
        return "lies outside the class folders; move it into one, or take it out"
    if named:
        return (
            "lies in a folder that is called after its patient, which is no class; give the "
            "classes by --csv or --class-tag (or, if the name says nothing, --keep-ids)"
        )
    return classes.wrong.get(label)


def _segment(
    found: Scan, tree: Walk, headers: DicomFiles, request: Request, wanted: _Wanted
) -> None:
    """Adds the samples of a segmentation; masks of unusable files are no problem of their own."""
    files = headers.files
    by_name = {_paired_name(file.path): file for file in files}
    stems = {name.with_suffix("") for name in by_name}
    unusable = [_paired_name(path) for path in headers.unusable]
    unusable = [name for name in unusable if name.with_suffix("") not in stems]
    masks_by_name = _masks(tree)
    pairs = pair([*by_name, *unusable, *masks_by_name], Naming(mask_suffix=".png"))
    real = {
        each.image.path: [masks_by_name[mask] for mask in each.masks]
        for each in pairs.pairs
        if each.image.path in by_name
    }
    masks = [(found.root / mask, shown(mask)) for paths in real.values() for mask in paths]
    rule = label_rule(request, masks)
    found.facts = _facts(found.root, files, wanted, rule.labels)
    names = {shown(name): shown(file.path) for name, file in by_name.items()}
    known = {shown(name) for name in unusable}
    found.problems += [
        Problem(names.get(each.source, each.source), each.line)
        for each in pairs.problems
        if each.source not in known
    ]
    doubles = _doubles(files)
    found.problems += doubles.values()
    for each in pairs.pairs:
        file = by_name.get(each.image.path)
        if file is None or file.path in doubles:
            continue
        if file.frames > 1:
            line = (
                f'file "{shown(file.path)}" has {file.frames} frames and one mask; expected one '
                "frame. Split it, or take it out"
            )
            found.problems.append(Problem(shown(file.path), line))
            continue
        found.samples.extend(
            _samples(found.root, file, "image", wanted, real[each.image.path], rule)
        )


def _masks(tree: Walk) -> dict[PurePosixPath, PurePosixPath]:
    """Gives the masks by their image's name: x_mask.png as x.png, where there is no x.png."""
    files = [path for path in tree.pictures if path.suffix.casefold() == ".png"]
    by_name = {path: path for path in files}
    for path in files:
        for image, _ in mask_stems(path.stem, Naming()):
            name = path.with_name(f"{image}.png")
            if name not in by_name:
                by_name[name] = by_name.pop(path)
                break
    return by_name


def _paired_name(path: PurePosixPath) -> PurePosixPath:
    """Gives a file a suffix, so that the dots of a UID are not taken for one."""
    return path if path.suffix.casefold() in SUFFIXES else path.with_name(f"{path.name}.dcm")


def _doubles(files: Sequence[DicomFile]) -> dict[PurePosixPath, Problem]:
    """Names files that differ only in that some have a suffix: a mask cannot tell them apart."""
    named: dict[PurePosixPath, list[str]] = {}
    for file in files:
        named.setdefault(_paired_name(file.path), []).append(shown(file.path))
    problems = {}
    for file in files:
        paths = named[_paired_name(file.path)]
        if len(paths) > 1:
            listed = " and ".join(f'"{path}"' for path in paths)
            line = f"files {listed} share one name and one mask; rename one with its mask"
            problems[file.path] = Problem(shown(file.path), line)
    return problems


def _samples(
    root: Path,
    file: DicomFile,
    category: str,
    wanted: _Wanted,
    masks: Sequence[PurePosixPath] = (),
    rule: LabelRule | None = None,
) -> Iterator[Sample]:
    """Yields the chosen frames of a file."""
    hidden = file.source != shown(file.path)
    labels = [LabelFile(root / mask, rule, "" if hidden else shown(mask)) for mask in masks if rule]
    for frame in chosen_frames(wanted.frames, file.frames):
        yield Sample(
            source=f"{file.source}#{frame}" if file.frames > 1 else file.source,
            image=DicomFrame(root / file.path, frame, wanted.window, wanted.bits),
            category=category,
            masks=tuple(labels),
            group=file.group,
            columns=file.columns,
        )
