"""The nifti layout: 2-D NIfTI images, or volumes that are cut into slices.

To segment: imagesTr/ with labelsTr/, images/ with labels/ (or masks/), or x_seg.nii.gz beside
x.nii.gz. To classify: RAW/<class>/. The slices of a volume are one group, under the volume's own
name. How slices stand and how intensities become grey stands in ``sources/nifti_slice.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.classes import check_several, match_classes
from pipelines.datasets.layouts.first_folders import class_folder, class_level
from pipelines.datasets.layouts.label_request import label_rule, whole_number
from pipelines.datasets.layouts.nifti_pairs import (
    Case,
    Cases,
    is_nifti,
    stem,
    with_masks,
    without_masks,
)
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
from pipelines.datasets.layouts.walk import Walk, shown, walk
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.sources.nifti_alike import check_alike
from pipelines.datasets.sources.nifti_header import MOST_SLICES, NiftiHeader, read_header
from pipelines.datasets.sources.nifti_length import check_length
from pipelines.datasets.sources.nifti_slice import NiftiMask, NiftiSlice
from pipelines.datasets.sources.nifti_volume import read_volume
from pipelines.errors import InputError
from transforms.nifti_orientation import is_turned_by_half, picture_axes, turned_by_half_text
from transforms.picture import PictureError

NAME = "nifti"

_GROUPING = "volumes, joined with near-duplicate clusters; no patient ids"
_AXES = ("0", "1", "2", "last")


@dataclass(frozen=True)
class _Wanted:
    """The options of the layout, checked.

    Attributes:
        axis: the axis to cut along; None for the last one of each file.
        every: distance of the slices that are kept.
        skip_empty: whether slices without a mark are left out.
        window: intensities that become black and white.
        by_folder: whether the volumes of one folder are one group.
    """

    axis: int | None
    every: int
    skip_empty: bool
    window: tuple[float, float] | None
    by_folder: bool


def scan(raw: Path, request: Request) -> Scan:
    """Lists the slices; reads headers only, except where empty slices shall be left out.

    Args:
        raw: the folder of the files.
        request: what the person asked for; of its options ``axis``, ``every``,
            ``skip_empty_slices``, ``window``, ``group_by`` and ``modality``.

    Returns:
        Samples by class, then in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder is missing, empty or of another layout; an option means nothing; or
            nothing names the classes.
    """
    wanted = _wanted(request)
    tree = walk(raw, NAME)
    files = _files(tree)
    facts = Facts(
        plain_name(raw), str(request.options.get("modality") or "OT"), (), "", "", _GROUPING
    )
    found = Scan(raw, facts, [], list(tree.problems), list(tree.warnings))
    others = len(tree.files) - len(files)
    if others:
        found.warnings.append(f"left alone, being no NIfTI by their suffix: {others}")
    if request.task == "segmentation":
        _segment(found, with_masks(files), request, wanted)
    else:
        _classify(found, without_masks(files), request, wanted)
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a file with the suffix of NIfTI.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        The file's path, or nothing.
    """
    return next((shown(file) for file in files if is_nifti(file)), None)


def _files(tree: Walk) -> list[PurePosixPath]:
    files = [file for file in tree.files if is_nifti(file) and (tree.root / file).is_file()]
    if not files and not tree.problems:
        raise InputError(
            f"{tree.root} looks like {recognise(tree.root)}, not the {NAME} layout: expected NIfTI "
            "files, such as x.nii.gz"
        )
    return files


def _wanted(request: Request) -> _Wanted:
    """Checks the options."""
    options = request.options
    axis = str(options.get("axis") or "last")
    if axis not in _AXES:
        raise InputError(f"--axis {axis}: expected one of {', '.join(_AXES)}")
    group = str(options.get("group_by") or "volume")
    if group not in ("volume", "folder"):
        raise InputError(f"--group-by {group}: expected volume or folder")
    skip = bool(options.get("skip_empty_slices"))
    if skip and request.task != "segmentation":
        raise InputError("--skip-empty-slices needs masks; give it with --task segmentation")
    return _Wanted(
        None if axis == "last" else int(axis),
        whole_number(options.get("every") or "1", "--every", 1, MOST_SLICES),
        skip,
        _window(options.get("window")),
        group == "folder",
    )


def _window(text: object) -> tuple[float, float] | None:
    """Reads two intensities."""
    if text is None:
        return None
    try:
        low, high = (float(part) for part in str(text).split(","))
    except ValueError:
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(
            f"--window {text}: expected two numbers, the lower first, such as --window=-160,240"
        )
    return low, high


def _segment(found: Scan, cases: Cases, request: Request, wanted: _Wanted) -> None:
    """Adds the samples of a segmentation."""
    rule = label_rule(request, ())
    found.facts = _with_labels(found.facts, rule.labels)
    found.problems += cases.problems
    found.warnings += cases.warnings
    turned = []
    for case in cases.cases:
        if _add(found, case, "image", wanted, rule):
            turned.append(case)
    _warn_turned(found, turned)
    if not found.samples and not found.problems:
        raise InputError(
            f"{found.root} holds no image with a mask that marks anything; expected one, or no "
            "--skip-empty-slices"
        )


def _classify(found: Scan, cases: Cases, request: Request, wanted: _Wanted) -> None:
    """Adds the samples of a classification."""
    found.problems += cases.problems
    found.warnings += cases.warnings
    level = class_level([case.path for case in cases.cases])
    labels = {case.path: class_folder(case.path, level) for case in cases.cases}
    if labels and not any(labels.values()):
        raise InputError(
            f"{found.root} has no folders that could name the classes; expected "
            "RAW/<class>/x.nii.gz"
        )
    if level:
        top = shown(cases.cases[0].path.parts[0])
        found.warnings.append(f'the class folders are those in "{top}", the only folder')
    where = f"the folders of {found.root}"
    classes = match_classes((label for label in labels.values() if label), request, where)
    found.facts = _with_labels(found.facts, classes.names)
    order = {name: index for index, name in enumerate(classes.names)}
    kept = []
    for case in cases.cases:
        label = labels[case.path]
        reason = "lies outside the class folders; move it into one, or take it out"
        reason = classes.wrong.get(label, "") if label else reason
        if reason:
            line = f'file "{shown(case.path)}" {reason}'
            found.problems.append(Problem(shown(case.path), line))
        else:
            kept.append((order[classes.of[label]], case))
    turned = []
    for index, case in sorted(kept, key=lambda each: (each[0], natural(shown(each[1].path)))):
        if _add(found, case, classes.names[index], wanted):
            turned.append(case)
    _warn_turned(found, turned)
    check_several(found)


def _with_labels(facts: Facts, labels: tuple[str, ...]) -> Facts:
    return Facts(facts.name, facts.modality, labels, "", "", facts.grouping)


def _add(
    found: Scan, case: Case, category: str, wanted: _Wanted, rule: LabelRule | None = None
) -> bool:
    """Adds the slices of one file; or all of them as problems, of one line, where it is broken.

    Tells whether it is a 2-D image that its transform turns by half.
    """
    try:
        headers = _headers(found.root, case)
    except PictureError as error:
        found.problems.append(Problem(shown(case.path), str(error)))
        return False
    header = headers[case.path]
    axis = _axis(header, wanted.axis)
    places: Sequence[int] = range(0, _count(header, axis), wanted.every)
    lines = _truncated(found.root, headers, case)
    if not lines and wanted.skip_empty and not header.is_flat:
        try:
            places = _marked(found.root, case, places, axis)
        except PictureError as error:
            lines = [str(error)]
    for index in places:
        source = shown(case.path) + ("" if header.is_flat else f"#{index}")
        if lines:
            found.problems += [Problem(source, line) for line in lines]
        else:
            image = NiftiSlice(found.root / case.path, axis, index, wanted.window, shown(case.path))
            masks = _masks(found.root, case, axis, index, rule)
            group = _group(case.path, wanted.by_folder)
            found.samples.append(Sample(source, image, category, masks, group, case.part))
    return header.is_flat and is_turned_by_half(header.orientation)


def _warn_turned(found: Scan, turned: Sequence[Case]) -> None:
    """Says which 2-D images are turned by half."""
    if turned:
        found.warnings.append(turned_by_half_text(len(turned), shown(turned[0].path)))


def _masks(
    root: Path, case: Case, axis: int, index: int, rule: LabelRule | None
) -> tuple[NiftiMask, ...]:
    """Gives where the masks of a slice are."""
    if rule is None:
        return ()
    return tuple(NiftiMask(root / mask, axis, index, rule, shown(mask)) for mask in case.masks)


def _headers(root: Path, case: Case) -> dict[PurePosixPath, NiftiHeader]:
    """Reads the headers of an image and of its masks, which must lie on it."""
    name = _name(case.path, case)
    header = read_header(root / case.path, name)
    headers = {case.path: header}
    for mask in case.masks:
        headers[mask] = read_header(root / mask, _name(mask, case))
        check_alike(header, headers[mask], name, shown(mask))
    return headers


def _truncated(root: Path, headers: Mapping[PurePosixPath, NiftiHeader], case: Case) -> list[str]:
    """Says of an image and its masks which are not all there."""
    lines = []
    for path, header in headers.items():
        try:
            check_length(root / path, header, _name(path, case))
        except PictureError as error:
            lines.append(str(error))
    return lines


def _name(path: PurePosixPath, case: Case) -> str:
    """Calls a file of a case what it is."""
    return f'{"file" if path == case.path else "mask"} "{shown(path)}"'


def _axis(header: NiftiHeader, wanted: int | None) -> int:
    """Gives the axis to cut along; one voxel along a single axis makes a volume flat there."""
    if wanted is not None and not header.is_flat:
        return wanted
    first, second = picture_axes(header.shape) or (0, 1)
    return header.along(3 - first - second)


def _count(header: NiftiHeader, axis: int) -> int:
    """Counts the slices along an axis."""
    return 1 if header.is_flat else header.shape[header.stored_axis(axis)]


def _marked(root: Path, case: Case, places: Sequence[int], axis: int) -> list[int]:
    """Gives those of some slices on which a mask marks something."""
    marked = [read_volume(root / mask, _name(mask, case)).marked(axis) for mask in case.masks]
    return [index for index in places if any(slices[index] for slices in marked)]


def _group(path: PurePosixPath, by_folder: bool) -> str:
    """Gives the group: the file without its suffix, or its folder where there is one."""
    if by_folder and path.parent.parts:
        return shown(path.parent)
    return shown(path.with_name(stem(path)))
