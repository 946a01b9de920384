"""The datalist layout: a Medical Segmentation Decathlon or Auto3DSeg JSON, or our dataset.json.

A bare list of images with labels serves as well. The list says what it is for: its own ``task``,
else its labels.

Labels are masks (pictures or 2-D NIfTI), or classes by index or name. ``group`` stays as it is
written; ``patient`` or ``subject`` become groups by a pseudonym. Folds are made anew: those of the
list are kept as the column ``source_fold``, because nobody knows whether a patient, or two pictures
that are nearly one, stand in two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.datasets.layouts.channels import channels
from pipelines.datasets.layouts.classes import check_several, match_classes
from pipelines.datasets.layouts.datalist_file import (
    Datalist,
    datalist_folder,
    find_datalist,
    is_text,
    looks_like_datalist,
)
from pipelines.datasets.layouts.datalist_items import (
    Entries,
    Entry,
    file_below,
    is_mask,
    read_entries,
    short,
    task_of_labels,
)
from pipelines.datasets.layouts.datalist_labels import class_label
from pipelines.datasets.layouts.datalist_nifti import (
    check_flat,
    check_on_image,
    is_nifti,
    turned_by_half,
)
from pipelines.datasets.layouts.label_request import display_colours, label_rule
from pipelines.datasets.layouts.pseudonym import PATIENTS
from pipelines.datasets.layouts.sample import (
    DUPLICATES,
    Facts,
    Problem,
    Request,
    Sample,
    Scan,
    natural,
    plain_name,
)
from pipelines.datasets.layouts.walk import is_picture, shown, walk
from pipelines.datasets.sources.label_file import LabelFile
from pipelines.datasets.sources.label_rule import Colour, LabelRule, first_few
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.datasets.sources.source import ImageSource, MaskSource
from pipelines.datasets.sources.spaced_file import SpacedFile
from pipelines.errors import InputError

NAME = "datalist"

_CATEGORY = "image"
_RESERVED = frozenset({"images", "masks"})  # entries of the dataset folder
_GROUPS = "groups of the datalist, joined with near-duplicate clusters"
_OLD_CLUSTERS = "near-duplicate clusters, those of the dataset before among them; no patient ids"
_SHOWN = 3


def scan(raw: Path, request: Request) -> Scan:
    """Lists the images of a datalist with their labels; opens some masks and some headers.

    Args:
        raw: the folder that holds the datalist and what it names.
        request: what the person asked for; of its options ``json_file``, ``colour``, ``threshold``
            and ``modality``.

    Returns:
        Samples by class, then in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder or the datalist is missing, broken or of another layout; its labels
            do not fit the task or ``--classes``; or nobody named the classes.
    """
    named = request.options.get("json_file")
    folder = datalist_folder(raw, named)
    above = [] if folder == raw else [f"reading {folder}, the only folder in {raw}"]
    raw, datalist = folder, find_datalist(folder, named)
    entries = read_entries(raw, datalist)
    if not entries.entries and not entries.problems:
        raise InputError(
            f"{datalist.path} lists no images with labels; there is nothing to convert"
        )
    problems = list(entries.problems)
    convert = _classified if request.task == "classification" else _segmented
    labels, samples, colours = convert(raw, datalist, entries, request, problems)
    _check_categories(datalist, samples, problems)
    ordered = sorted(samples, key=lambda each: (natural(each.category), natural(each.source)))
    facts = _facts(raw, datalist, entries.entries, labels, colours, request)
    aside = [*_warnings(datalist, entries), *_unlisted(raw, entries)]
    warnings = [*above, *aside, *turned_by_half(raw, samples)]
    found = Scan(raw, facts, ordered, problems, warnings)
    if request.task == "classification":
        check_several(found)
    return found


def told_task(raw: Path, options: Mapping[str, Any]) -> str | None:
    """Tells what a datalist is for, where nobody says it.

    Args:
        raw: the folder that holds the datalist.
        options: the layout's own options.

    Returns:
        ``segmentation`` or ``classification``: its entry ``task``, else what its labels are;
        nothing where it has no labels.

    Raises:
        InputError: as ``scan`` does of the folder and the datalist.
    """
    named = options.get("json_file")
    datalist = find_datalist(datalist_folder(raw, named), named)
    return datalist.task or task_of_labels(datalist)


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a JSON file that lists images, at the top of a folder or of the only one in it.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        The file's name, or nothing.
    """
    around = {each.parts[0] for each in files}
    depth = 2 if len(around) == 1 and all(len(each.parts) > 1 for each in files) else 1
    tops = [
        each for each in files if len(each.parts) == depth and each.suffix.casefold() == ".json"
    ]
    return next((shown(each) for each in tops[:20] if looks_like_datalist(root / each)), None)


_Converted = tuple[tuple[str, ...], list[Sample], tuple[Colour, ...]]


def _segmented(
    raw: Path,
    datalist: Datalist,
    entries: Entries,
    request: Request,
    problems: list[Problem],
) -> _Converted:
    """Makes the samples of a segmentation."""
    _check_masks(datalist, entries.entries)
    masks: list[tuple[Entry, PurePosixPath]] = []
    for each in entries.entries:
        path = _tried(problems, datalist, each, lambda entry: _mask_path(raw, entry))
        if path is not None:
            masks.append((each, path))
    labels, wanted = _named_indices(datalist, request)
    pictures = [(raw / path, shown(path)) for _, path in masks if is_picture(path)]
    images = {raw / path: raw / each.image for each, path in masks if is_picture(each.image)}
    rule = label_rule(wanted, pictures, labels, images)
    split = len(entries.parts) > 1
    samples = [
        _sample(raw, each, each.category or _CATEGORY, (_mask(raw, each, path, rule),), split)
        for each, path in masks
    ]
    return rule.labels, samples, display_colours(rule, pictures)


def _classified(
    raw: Path,
    datalist: Datalist,
    entries: Entries,
    request: Request,
    problems: list[Problem],
) -> _Converted:
    """Makes the samples of a classification."""
    _check_classes(datalist, entries.entries)
    labelled: list[tuple[Entry, str]] = []
    for each in entries.entries:
        label = _tried(problems, datalist, each, lambda entry: class_label(entry, datalist))
        if label is not None:
            labelled.append((each, label))
    # Where the labels are masks, the names of the list are those of the masks' values.
    masked = any(isinstance(each.label, str) and is_mask(each.label) for each, _ in labelled)
    names = () if masked else tuple(datalist.labels.values())
    wanted = replace(request, classes=request.classes or names)
    where = f'"label" in {datalist.path}'
    classes = match_classes((label for _, label in labelled), wanted, where)
    samples, split = [], len(entries.parts) > 1
    for each, label in labelled:
        if label in classes.of:
            samples.append(_sample(raw, each, classes.of[label], (), split))
        else:
            _add(problems, datalist, each, classes.wrong[label])
    return classes.names, samples, ()


def _check_masks(datalist: Datalist, entries: Sequence[Entry]) -> None:
    """Refuses to make masks of classes."""
    if entries and not any(isinstance(each.label, str) and is_mask(each.label) for each in entries):
        raise InputError(
            f"the labels of {datalist.path} are no masks ({entries[0].where} has "
            f"{short(entries[0].label)}); convert it with --task classification"
        )


def _check_classes(datalist: Datalist, entries: Sequence[Entry]) -> None:
    """Refuses to make classes of masks that have none beside them, or one for all."""
    masks = all(isinstance(each.label, str) and is_mask(each.label) for each in entries)
    classes = {each.category for each in entries}
    if not entries or not masks or len(classes) > 1:
        return
    (name,) = classes
    said = 'no entry has a "class"' if name is None else f'all have the class "{name}"'
    raise InputError(
        f"the labels of {datalist.path} are masks ({entries[0].where} has "
        f"{short(entries[0].label)}), and {said}, which a classification cannot learn from; "
        "convert it with --task segmentation"
    )


def _tried(
    problems: list[Problem], datalist: Datalist, entry: Entry, function: Callable[[Entry], Any]
) -> Any:
    """Calls a function; what the user must mend goes to the problems, so that all are found."""
    try:
        return function(entry)
    except InputError as error:
        _add(problems, datalist, entry, error)
        return None


def _add(problems: list[Problem], datalist: Datalist, entry: Entry, line: object) -> None:
    text = f'{shown(datalist.path.name)}: {entry.where} ("{shown(entry.image)}") {line}'
    problems.append(Problem(shown(entry.image), text))


def _mask_path(raw: Path, entry: Entry) -> PurePosixPath:
    """Gives the path of an entry's mask."""
    if not isinstance(entry.label, str):
        raise InputError(
            f"has the label {short(entry.label)}; a segmentation expects a mask's path"
        )
    path = file_below(raw, entry.label, "label")
    if path == entry.image:
        raise InputError("names one file as image and label; correct one of them")
    if not (is_picture(path) or is_nifti(path)):
        raise InputError(f'names the label "{path}", which is neither a picture nor NIfTI by name')
    check_flat(raw, path, "label")
    check_on_image(raw, entry.image, path)
    return path


def _named_indices(datalist: Datalist, request: Request) -> tuple[tuple[str, ...], Request]:
    """Gives the names of the indices, and maps mask values where ``--classes`` orders them anew."""
    said = dict(datalist.labels)
    if not said:
        return (), request
    if 0 not in said and "background" not in said.values():
        said = {0: "background", **said}
    names = request.classes or tuple(said.values())
    if set(names) != set(said.values()):
        raise InputError(
            f"--classes names {first_few(names)}, but the labels of {datalist.path} are "
            f"{first_few(said.values())}; give these names in the order that you want"
        )
    mapping = {value: names.index(name) for value, name in said.items()}
    if all(value == index for value, index in mapping.items()):
        mapping = {}
    return names, replace(request, mapping={**mapping, **request.mapping})


def _sample(
    raw: Path, entry: Entry, category: str, masks: tuple[MaskSource, ...], split: bool
) -> Sample:
    """Makes the sample of an entry; data in one list did not come split."""
    return Sample(
        source=shown(entry.image),
        image=_image(raw, entry),
        category=category,
        masks=masks,
        group=entry.group,
        part=entry.part if split else None,
        columns=entry.columns,
    )


def _image(raw: Path, entry: Entry) -> ImageSource:
    """Gives where the pixels of an entry are."""
    if is_nifti(entry.image):
        from pipelines.datasets.sources.nifti_slice import NiftiSlice

        return NiftiSlice(raw / entry.image)
    if entry.spacing:
        return SpacedFile(raw / entry.image, entry.spacing)
    return PictureFile(raw / entry.image)


def _mask(raw: Path, entry: Entry, path: PurePosixPath, rule: LabelRule) -> MaskSource:
    """Gives where the mask of an entry is."""
    if is_nifti(path):
        from pipelines.datasets.sources.nifti_slice import NiftiMask

        return NiftiMask(raw / path, None, 0, rule, shown(path))
    image = raw / entry.image if is_picture(entry.image) else None
    return LabelFile(raw / path, rule, shown(path), image)


def _facts(
    raw: Path,
    datalist: Datalist,
    entries: Sequence[Entry],
    labels: tuple[str, ...],
    colours: tuple[Colour, ...],
    request: Request,
) -> Facts:
    """Says what holds for all samples, as far as the list says it."""
    name = datalist.text("name").replace("/", "-").strip()
    pictures = [raw / each.image for each in entries if is_picture(each.image)]
    return Facts(
        name=plain_name(Path(name)) if name.strip(". ") else plain_name(raw),
        modality=str(request.options.get("modality") or datalist.modality),
        labels=labels,
        licence=datalist.text("licence", "license"),
        reference=datalist.text("reference"),
        grouping=_grouping(datalist, entries),
        channels=datalist.channels or channels(pictures),
        healthy=frozenset({"normal", "healthy"}),
        colours=colours or _display(datalist, labels),
    )


def _display(datalist: Datalist, labels: tuple[str, ...]) -> tuple[Colour, ...]:
    """Gives the colours that the list says, in the order of the labels."""
    named = dict(zip(datalist.labels.values(), datalist.colours, strict=False))
    return tuple(named[label] for label in labels) if set(labels) == set(named) else ()


def _grouping(datalist: Datalist, entries: Sequence[Entry]) -> str:
    """Says what the groups are; our own datasets say it themselves."""
    if not any(each.group for each in entries):
        return DUPLICATES
    source = datalist.content.get("source")
    own = source.get("grouping") if isinstance(source, dict) else None
    if own == DUPLICATES:
        return _OLD_CLUSTERS
    if is_text(own) and own:
        return own
    return PATIENTS if any(each.patient for each in entries) else _GROUPS


def _check_categories(
    datalist: Datalist, samples: Sequence[Sample], problems: list[Problem]
) -> None:
    """Refuses class names that the dataset folder needs."""
    for name in sorted({each.category for each in samples}):
        if name.casefold() in _RESERVED:
            line = f'{shown(datalist.path.name)}: the class "{name}" has a reserved name; rename it'
            problems.append(Problem(name, line))


def _warnings(datalist: Datalist, entries: Entries) -> list[str]:
    """Says what was left aside."""
    lines = []
    name = shown(datalist.path.name)
    if entries.folds:
        lines.append(
            f"the folds of {name} are kept as the column source_fold, and made anew: what belongs "
            "together must stay on one side of every split, which its folds do not promise"
        )
    if entries.unlabelled:
        listed = ", ".join(entries.unlabelled[:_SHOWN])
        lines.append(
            f"{len(entries.unlabelled)} entries of {name} have no label ({listed}, …); left out"
        )
    if entries.dropped:
        keys = first_few(entries.dropped)
        lines.append(f"{name}: values of {keys} are no texts or numbers; left out")
    tested = sum(each.part == "test" for each in entries.entries)
    if 0 < tested < len(entries.entries):
        lines.append(
            f"{tested} of {len(entries.entries)} images of {name} are of its test part; unless "
            "--keep-split is given, they go into the folds with the others"
        )
    return lines


def _unlisted(raw: Path, entries: Entries) -> list[str]:
    """Tells of pictures that the list does not name."""
    tree = walk(raw, NAME)
    rest = [
        file
        for file in tree.files
        if (is_picture(file) or is_nifti(file)) and file.as_posix() not in entries.named
    ]
    if not rest:
        return []
    return [f'{len(rest)} pictures are not in the list, such as "{shown(rest[0])}"; left aside']
