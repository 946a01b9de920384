"""The image-mask-folders layout: images, and masks of the same names.

They lie in two folders (``images/x.png`` with ``masks/x.png``; other usual names work, and folders
of parts or classes above or below), or mixed in one (``x.png`` with ``x_mask.png``, or ``x.jpg``
with ``x.png``). A mask holds all classes, or there is a file for each (``x_tumour.png``,
``masks/tumour/x.png``); see ``label_request`` for what its values mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.datasets.dataset import FILE_NAME
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.channels import channels
from pipelines.datasets.layouts.datalist_file import looks_like_datalist
from pipelines.datasets.layouts.label_request import Named, display_colours, label_rule
from pipelines.datasets.layouts.mask_names import (
    IMAGE,
    MASK,
    Naming,
    folder_role,
    mask_stems,
    place,
    same,
)
from pipelines.datasets.layouts.mask_pairs import Pair, Pairs, pair
from pipelines.datasets.layouts.mask_palettes import odd_background
from pipelines.datasets.layouts.parts import part_of
from pipelines.datasets.layouts.path_pattern import PathPattern, read_pattern
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
from pipelines.datasets.layouts.walk import Walk, is_picture, shown, walk
from pipelines.datasets.sources.label_file import ClassFiles, LabelFile
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.datasets.sources.source import MaskSource
from pipelines.errors import InputError

NAME = "image-mask-folders"

_CATEGORY = "image"
_RESERVED = frozenset({"images", "masks"})  # entries of the dataset folder
_MANY = 20  # folders of so many names are rather patients than classes
_EXAMPLES = 8  # names of classes in an example
_FOLDERS = "folders of the data, joined with near-duplicate clusters"


def scan(raw: Path, request: Request) -> Scan:
    """Lists the images of a raw folder with their masks; opens some masks and some headers.

    Args:
        raw: the raw folder.
        request: what the person asked for; of its options ``images_dir``, ``masks_dir``,
            ``mask_suffix``, ``colour``, ``threshold``, ``later_wins``, ``folders``,
            ``group_pattern`` (its matches are stored as they stand, as the path is) and
            ``modality``.

    Returns:
        Samples in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder is missing, empty or of another layout; the options do not fit it;
            or nobody named the classes and the masks hold more than two values.
    """
    tree, above = _inner(walk(raw, NAME))
    naming = _naming(request.options)
    pattern = _group_pattern(request.options)
    pairs = pair(tree.pictures, naming, request.classes)
    _check_found(raw, tree, pairs, naming)
    whole = [(tree.root / path, shown(path)) for each in pairs.pairs for path in each.masks]
    images = {
        tree.root / path: tree.root / each.image.path for each in pairs.pairs for path in each.masks
    }
    rule = label_rule(request, whole, images=images)
    options, cases = _folders_meant(pairs.pairs, request.options)
    samples = [_sample(tree.root, each, rule, options) for each in pairs.pairs]
    found = Scan(
        tree.root,
        _facts(raw, tree.root, pairs.pairs, rule, options, whole),
        sorted(samples, key=lambda sample: (natural(sample.category), natural(sample.source))),
        [*tree.problems, *pairs.problems],
        [
            *above,
            *tree.warnings,
            *cases,
            *_outside(tree, pairs),
            *_absent(pairs.pairs, request),
            *odd_background(rule, whole),
        ],
    )
    _check_categories(found)
    if pattern:
        _group(found, pattern)
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a folder of masks, for masks beside their images, or for an x.png for each x.jpg.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        The folder or the mask, or nothing.
    """
    pictures = [file for file in files if is_picture(file)]
    for file in pictures:
        if folder_role(file.parent.name)[0] == MASK and len(files) > 1:
            return f"{shown(file.parent)}/"
    if (folder := _folder_of_classes(pictures)) is not None:
        return f"{shown(folder)}/"
    paired = pair(pictures, Naming(), ()).pairs
    said = (path for each in paired for path in each.masks if mask_stems(path.stem, Naming()))
    mask = next(said, None)
    if mask is None and 2 * len(paired) == len(pictures) > 0:  # every x.jpg has its x.png
        mask = paired[0].masks[0]
    return None if mask is None else shown(mask)


def _folder_of_classes(pictures: list[PurePosixPath]) -> PurePosixPath | None:
    """Finds a folder of a class in one of masks, where an image has the name of a mask in it."""
    places = [place(file, Naming()) for file in pictures]
    images = {(each.folders, same(each.path.stem)) for each in places if each.role == IMAGE}
    for each in places:
        key = each.folders[:-1], same(each.path.stem)
        if each.role == MASK and each.folders and key in images:
            return each.path.parent
    return None


def _naming(options: Mapping[str, Any]) -> Naming:
    """Reads the options about names."""
    for option in ("images_dir", "masks_dir"):
        path = PurePosixPath(options.get(option) or "")
        if path.is_absolute() or ".." in path.parts or "\\" in str(path):
            flag = f"--{option.replace('_', '-')}"
            raise InputError(f"{flag} {path}: expected a folder's name, or its path below RAW")
    for option in ("images_dir", "masks_dir", "mask_suffix"):
        if options.get(option) == "":
            raise InputError(f"--{option.replace('_', '-')} is empty; give a name")
    return Naming(options.get("images_dir"), options.get("masks_dir"), options.get("mask_suffix"))


def _group_pattern(options: Mapping[str, Any]) -> PathPattern | None:
    """Reads the expression that names the groups; refuses two ways to name them."""
    pattern = read_pattern("--group-pattern", options.get("group_pattern"))
    if pattern and options.get("folders") == "group":
        raise InputError("--folders group and --group-pattern both name the groups; give one")
    return pattern


def _group(found: Scan, pattern: PathPattern) -> None:
    """Takes the groups out of the paths."""
    groups = [pattern.of(sample.source) for sample in found.samples]
    for sample, group in zip(found.samples, groups, strict=True):
        if group is None:
            found.problems.append(Problem(sample.source, pattern.unmatched(sample.source)))
    found.samples = [
        replace(sample, group=group)
        for sample, group in zip(found.samples, groups, strict=True)
        if group is not None
    ]
    found.facts = replace(found.facts, grouping=PATIENTS)


def _inner(tree: Walk) -> tuple[Walk, list[str]]:
    """Goes down to the first folder that is not alone, as archives unpack in one."""
    pictures = tree.pictures
    folders = pictures[0].parent.parts if pictures else ()
    depth = 0
    while depth < len(folders) and _is_wrapper(folders[depth]):
        if any(file.parent.parts[: depth + 1] != folders[: depth + 1] for file in pictures):
            break
        depth += 1
    if not depth:
        return tree, []
    top = PurePosixPath(*folders[:depth])
    root = tree.root / top
    files = [file.relative_to(top) for file in tree.files if file.is_relative_to(top)]
    inner = replace(tree, root=root, files=files)
    return inner, [f"reading {shown(str(root))}, where all pictures of {tree.root} lie"]


def _is_wrapper(folder: str) -> bool:
    return folder_role(folder)[0] is None and part_of(folder) is None


def _check_found(raw: Path, tree: Walk, pairs: Pairs, naming: Naming) -> None:
    """Refuses a folder without a single pair, unless its problems say why."""
    if not tree.pictures and not tree.problems:
        expected = LAYOUTS[NAME].expected
        raise InputError(f"{raw} looks like {recognise(raw)}, not {NAME}: expected {expected}")
    folders = ", ".join(sorted({shown(file.parent) for file in tree.pictures}, key=natural)[:8])
    for option, wanted in (("--images-dir", naming.images_dir), ("--masks-dir", naming.masks_dir)):
        if wanted and wanted != "." and not _is_there(wanted, tree):
            raise InputError(
                f"{option} {wanted}: {raw} has no pictures in a folder of that name; it has them "
                f"in {folders}"
            )
    if tree.pictures and not pairs.pairs and pairs.orphans == pairs.masks:
        raise InputError(_unpaired(raw, pairs, len(tree.pictures)))


def _unpaired(raw: Path, pairs: Pairs, pictures: int) -> str:
    """Says that no image has a mask, and what may help."""
    first = f": {pairs.problems[0].line}" if pairs.problems else ""
    remedy = "if the names differ, give --images-dir, --masks-dir or --mask-suffix"
    if pairs.masks and pairs.masks == pictures:
        return (
            f"{raw} holds {pairs.masks} masks by their names, and no images; expected "
            f"{LAYOUTS[NAME].expected}: put the images beside their masks"
        )
    if pairs.perhaps:
        names = ",".join(["background", *list(pairs.perhaps)[:_EXAMPLES]])
        remedy = f"if each file holds one class, give --classes {names}"
    return (
        f"{raw} has {pairs.masks} masks, and no image with a mask of its name{first}. Expected "
        f"{LAYOUTS[NAME].expected}; {remedy}"
    )


def _is_there(wanted: str, tree: Walk) -> bool:
    """Tells whether any picture lies in a folder that the person named."""
    parts = tuple(map(same, PurePosixPath(wanted).parts))
    for folder in {file.parent for file in tree.pictures}:
        plain = tuple(map(same, folder.parts))
        starts = range(len(plain) - len(parts) + 1)
        if any(plain[start : start + len(parts)] == parts for start in starts):
            return True
    return False


def _folders_meant(
    pairs: Sequence[Pair], options: Mapping[str, Any]
) -> tuple[Mapping[str, Any], list[str]]:
    """Takes folders of one image each for cases, not for classes, where nobody says otherwise."""
    folders = [
        tuple(name for name in each.image.folders if part_of(name) is None) for each in pairs
    ]
    if options.get("folders") or len(pairs) < 3 or len(set(folders)) < len(folders):
        return options, []
    line = (
        f"each of {len(folders)} folders holds one image: they are kept as the column folder, and "
        "not taken for classes (unless --folders class is given)"
    )
    return {**options, "folders": "ignore"}, [line]


def _sample(root: Path, each: Pair, rule: LabelRule, options: Mapping[str, Any]) -> Sample:
    """Makes the sample of a pair."""
    part = next((found for name in each.image.folders if (found := part_of(name))), None)
    folders = [shown(name) for name in each.image.folders if part_of(name) is None]
    taken_for = options.get("folders") or "class"
    category, group = _CATEGORY, None
    columns: dict[str, str] = {}
    if folders and taken_for == "class":
        category, *below = folders
        if below:
            columns["folder"] = "/".join(below)
    elif folders and taken_for == "group":
        group = pseudonym("/".join(folders))
    elif folders:
        columns["folder"] = "/".join(folders)
    return Sample(
        source=shown(each.image.path),
        image=PictureFile(root / each.image.path),
        category=category,
        masks=_masks(root, each, rule, bool(options.get("later_wins"))),
        group=group,
        part=part,
        columns=columns,
    )


def _masks(root: Path, each: Pair, rule: LabelRule, later_wins: bool) -> tuple[MaskSource, ...]:
    """Makes the mask sources of a pair."""
    if not each.of_class:
        image = root / each.image.path
        return tuple(LabelFile(root / path, rule, shown(path), image) for path in each.masks)
    ordered = sorted(each.of_class, key=lambda pair: (pair[0], natural(str(pair[1]))))
    return (
        ClassFiles(
            tuple(root / path for _, path in ordered),
            tuple(index for index, _ in ordered),
            rule.labels,
            later_wins,
            rule.threshold,
            shown(ordered[0][1]),
        ),
    )


def _facts(
    raw: Path,
    root: Path,
    pairs: Sequence[Pair],
    rule: LabelRule,
    options: Mapping[str, Any],
    masks: Sequence[Named],
) -> Facts:
    """Says what holds for all samples."""
    grouped = options.get("folders") == "group"
    return Facts(
        name=plain_name(raw),
        modality=str(options.get("modality") or "OT"),
        labels=rule.labels,
        grouping=_FOLDERS if grouped else DUPLICATES,
        channels=channels([root / each.image.path for each in pairs]),
        healthy=frozenset({"normal", "healthy"}),
        colours=display_colours(rule, masks),
    )


def _outside(tree: Walk, pairs: Pairs) -> list[str]:
    """Tells of files that are neither images nor masks."""
    lines = []
    if pairs.outside:
        first = shown(pairs.outside[0])
        lines.append(
            f"{len(pairs.outside)} pictures lie in no folder of images or masks, such as "
            f'"{first}"; they are not read'
        )
    others = [file for file in tree.files if not is_picture(file)]
    if others:
        lines.append(
            f"files that are no pictures were left aside ({len(others)}), such as "
            f'"{shown(others[0])}"'
        )
    record = PurePosixPath(FILE_NAME)
    if record in others and looks_like_datalist(tree.root / record):
        lines.append(
            f"{FILE_NAME} lists images with their labels and groups, which are not read here; "
            "med2d convert datalist reads them"
        )
    return lines


def _absent(pairs: Sequence[Pair], request: Request) -> list[str]:
    """Tells of images that have files of some classes, but not of others."""
    by_class = [{index for index, _ in each.of_class} for each in pairs if each.of_class]
    lines = []
    for index, name in enumerate(request.classes[1:], start=1):
        missing = sum(index not in found for found in by_class)
        if missing:
            lines.append(
                f"{missing} of {len(by_class)} images with a file for each class have none of "
                f"{name}; it is taken as not in them"
            )
    return lines


def _check_categories(found: Scan) -> None:
    """Refuses class names that the dataset folder needs, and warns of folders of patients."""
    counts = Counter(sample.category for sample in found.samples)
    for name in counts:
        if same(name) in _RESERVED:
            line = f'class folder "{name}" has a reserved name; rename it, or give --folders ignore'
            found.problems.append(Problem(name, line))
    if len(counts) > _MANY:
        found.warnings.append(
            f"the images lie in {len(counts)} folders, which were taken for classes; if each holds "
            "one patient, give --folders group, so that no patient stands on both sides of a split"
        )
