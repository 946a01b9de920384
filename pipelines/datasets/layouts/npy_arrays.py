"""The npy-arrays layout: pictures as rows of NumPy arrays, with targets or segmentation maps.

The arrays are ``.npy`` files, or members of ``.npz`` archives; the name of each says what it holds
(see ``array_names``). Arrays whose names differ only in that belong together:

- ``Input.npy`` with ``target.npy``: a class per row;
- ``Input.npy`` with ``masks.npy``: a map per row (with targets beside them, classes too);
- ``benign.npy``, ``malignant.npy``: a class per file, perhaps with ``benign_masks.npy``;
- ``benign_images.npy`` with ``benign_masks.npy``, or ``benign/images.npy`` with
  ``benign/masks.npy``;
- any of them once per part: ``train_images.npy``, ``x_test.npy``, ``val/Input.npy``;
- any of them with ``patients.npy``: a patient per row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.array_entries import find_entries, is_array
from pipelines.datasets.layouts.array_labels import Labels, read_labels
from pipelines.datasets.layouts.array_sets import OpenSet, RefusedError, group_entries, open_set
from pipelines.datasets.layouts.channels import some
from pipelines.datasets.layouts.classes import match_classes
from pipelines.datasets.layouts.pseudonym import PATIENTS, pseudonym
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
from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.layouts.walk import shown, walk
from pipelines.datasets.sources.array_axes import Order, upright
from pipelines.datasets.sources.array_levels import RANGES
from pipelines.datasets.sources.array_row import ArrayMask, ArrayRow
from pipelines.datasets.sources.stored_array import StoredArray
from pipelines.errors import InputError

_HEALTHY = frozenset({"normal", "healthy"})


@dataclass(frozen=True)
class _Named:
    """A set with what is said of its rows.

    Attributes:
        arrays: the set.
        labels: of the rows; indices as text.
        patients: of the rows, hashed; nothing where unknown.
    """

    arrays: OpenSet
    labels: Labels
    patients: Sequence[str | None]


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Names an array file, where there is one."""
    return next((shown(file) for file in files if is_array(file)), None)


def scan(raw: Path, request: Request) -> Scan:
    """Lists the rows of a folder's arrays.

    Opens headers and labels; floats are also looked through for their range, and arrays that are
    compressed or in Fortran order are unpacked to temporary files, both block by block.

    Args:
        raw: the folder of the arrays, or a single ``.npz`` file.
        request: what is asked for. Options: ``images_file``, ``targets_file``, ``masks_file``,
            ``groups_file`` (the name of an array, where no word in it says what it holds),
            ``channels_first``, ``channels_last``, ``modality``.

    Returns:
        Samples by class and row, problems and warnings.

    Raises:
        InputError: the folder is missing, empty or of another layout; numbers as targets without
            ``classes``; an option that fits nothing.
    """
    found, files = _listed(raw)
    entries, problems = find_entries(found.root, files)
    found.problems.extend(problems)
    if not files:
        raise InputError(
            f"{raw} looks like {recognise(raw)}, not the npy-arrays layout: expected "
            f"{LAYOUTS['npy-arrays'].expected}"
        )
    order = _order(request)
    sets, unread = group_entries(entries, request)
    found.warnings.extend(f'array "{each.name}" is not read' for each in unread)
    named = []
    for each in sets:
        try:
            named.append(_named(open_set(each, request.task, order), request))
        except RefusedError as refused:
            found.problems.append(refused.problem)
    labels = _add_all(named, request, found)
    found.samples.sort(key=lambda sample: natural(sample.category))
    found.warnings.extend(_mixed([each.arrays for each in named]))
    found.facts = _facts(found.root, named, labels, request.options.get("modality") or "OT")
    return found


def _listed(raw: Path) -> tuple[Scan, list[PurePosixPath]]:
    """Lists the files that hold arrays; warns of the others."""
    facts = Facts(plain_name(raw), "OT", ())
    if raw.is_file() and raw.suffix.casefold() == ".npz":
        return Scan(raw.parent, facts), [PurePosixPath(raw.name)]
    below = walk(raw, "npy-arrays")
    found = Scan(raw, facts, problems=below.problems, warnings=below.warnings)
    others = [file for file in below.files if not is_array(file)]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        found.warnings.append(f'file "{shown(others[0])}"{more} is no array; not read')
    return found, [file for file in below.files if is_array(file)]


def _order(request: Request) -> Order | None:
    first, last = (request.options.get(f"channels_{end}") for end in ("first", "last"))
    if first and last:
        raise InputError("--channels-first and --channels-last exclude each other; give one")
    if first:
        return "first"
    return "last" if last else None


def _named(arrays: OpenSet, request: Request) -> _Named:
    """Reads the labels and the patients of a set."""
    rows = arrays.images.shape[0]
    # The indices of a segmentation are those of its masks: targets only sort its images.
    columns = () if request.task == "segmentation" else request.classes
    try:
        if arrays.targets is not None:
            labels = read_labels(arrays.targets, columns)
        else:
            name = arrays.naming.category or "image"
            labels = Labels(arrays.images.name, [name] * rows)
        patients = _patients(arrays.groups, labels)
    except InputError as error:
        raise RefusedError(arrays.images.name, error) from None
    return _Named(arrays, labels, patients)


def _patients(groups: StoredArray | None, labels: Labels) -> list[str | None]:
    """Gives the patient of each row, hashed; a row whose patient is no id loses its label."""
    if groups is None:
        return [None] * len(labels.values)
    ids = read_labels(groups)
    labels.problems.extend(ids.problems)
    for index, value in enumerate(ids.values):
        if value is None:
            labels.values[index] = None
    return [pseudonym(value) if value else None for value in ids.values]


def _add_all(named: Sequence[_Named], request: Request, found: Scan) -> tuple[str, ...]:
    """Adds the samples and the problems of all rows; gives the names of the class indices."""
    given = [label for each in named for label in each.labels.values if label is not None]
    if request.task == "segmentation":
        of = {label: f"class{label}" if label.isdecimal() else label for label in given}
        wrong: Mapping[str, str] = {}
        labels = request.classes or ("background", "foreground")
    else:
        where = ", ".join(dict.fromkeys(each.labels.name for each in named))
        classes = match_classes(given, request, where)
        of, wrong, labels = dict(classes.of), classes.wrong, classes.names
    for each in named:
        found.problems.extend(_problems(each, wrong))
        found.samples.extend(_samples(each, of, request))
    return tuple(labels)


def _problems(each: _Named, wrong: Mapping[str, str]) -> list[Problem]:
    """Names the rows that cannot be used."""
    problems = list(each.labels.problems)
    for index, label in enumerate(each.labels.values):
        if label is not None and label in wrong:
            source = f"{each.labels.name}#{index}"
            problems.append(Problem(source, f'row "{source}" {wrong[label]}'))
    for index in each.arrays.found.broken:
        source = f"{each.arrays.images.name}#{index}"
        line = f'image "{source}" holds NaN or infinite values; correct it or take it out'
        problems.append(Problem(source, line))
    return problems


def _samples(each: _Named, of: Mapping[str, str], request: Request) -> list[Sample]:
    """Makes the samples of the rows that can be used."""
    arrays, broken = each.arrays, set(each.arrays.found.broken)
    images, samples = arrays.images, []
    for index, (label, patient) in enumerate(zip(each.labels.values, each.patients, strict=True)):
        category = of.get(label) if label is not None else None
        if category is None or index in broken:
            continue
        image = ArrayRow(images.path, images, index, arrays.axes, arrays.found.levels)
        masks = _masks(arrays, index, request)
        source, part = f"{images.name}#{index}", arrays.naming.part
        samples.append(Sample(source, image, category, masks, group=patient, part=part))
    return samples


def _masks(arrays: OpenSet, index: int, request: Request) -> tuple[ArrayMask, ...]:
    if request.task != "segmentation" or arrays.masks is None:
        return ()
    masks, source = arrays.masks, f"{arrays.masks.name}#{index}"
    classes = max(2, len(request.classes))
    mapping = dict(request.mapping)
    return (ArrayMask(masks.path, masks, index, arrays.mask_axes, classes, mapping, source),)


def _mixed(sets: Sequence[OpenSet]) -> list[str]:
    """Warns of arrays whose values mean different things: the class could be told by that."""
    kinds = {each.found.levels: each.images.name for each in reversed(sets)}
    if len(kinds) < 2:
        return []
    listed = ", ".join(f"{name}: {RANGES[levels]}" for levels, name in kinds.items())
    return [f"the arrays hold values of several kinds ({listed}); were they made alike?"]


def _facts(root: Path, named: Sequence[_Named], labels: tuple[str, ...], modality: str) -> Facts:
    """Makes the facts of what was found."""
    patients = any(each.arrays.groups is not None for each in named)
    return Facts(
        name=plain_name(root),
        modality=modality,
        labels=labels,
        grouping=PATIENTS if patients else DUPLICATES,
        channels=3 if any(_is_coloured(each.arrays) for each in named) else 1,
        healthy=_HEALTHY,
    )


def _is_coloured(arrays: OpenSet) -> bool:
    """Tells whether most of some rows, spread over the array, have channels that differ."""
    if arrays.axes == "NHW":
        return False
    tried = some(range(arrays.images.shape[0]))
    rows = (arrays.images.rows(index, index + 1)[0] for index in tried)
    coloured = sum(upright(row, arrays.axes).ndim == 3 for row in rows)
    return 2 * coloured > len(tried)
