"""The nifti layout: 2-D NIfTI images, or volumes that are cut into slices.

To segment: imagesTr/ with labelsTr/, images/ with labels/ (or masks/), or x_seg.nii.gz beside
x.nii.gz. To classify: RAW/<class>/. The slices of a volume are one group, under the volume's own
name. How slices stand and how intensities become grey stands in ``sources/nifti_slice.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
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
from pipelines.datasets.sources.nifti_header import MOST_SLICES, NiftiHeader, read_header
from pipelines.datasets.sources.nifti_slice import NiftiMask, NiftiSlice
from pipelines.datasets.sources.nifti_volume import read_volume
from pipelines.errors import InputError
from transforms.picture import PictureError

NAME = "nifti"

_GROUPING = "volumes, joined with near-duplicate clusters; no patient ids"
_AXES = ("0", "1", "2", "last")
_WAYS = ("LR", "PA", "IS")  # letters of each direction, backwards and forwards


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
    for case in cases.cases:
        try:
            found.samples.extend(_slices(found.root, case, "image", wanted, rule))
        except PictureError as error:
            found.problems.append(Problem(shown(case.path), str(error)))
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
    for index, case in sorted(kept, key=lambda each: (each[0], natural(shown(each[1].path)))):
        try:
            found.samples.extend(_slices(found.root, case, classes.names[index], wanted))
        except PictureError as error:
            found.problems.append(Problem(shown(case.path), str(error)))
    check_several(found)


def _with_labels(facts: Facts, labels: tuple[str, ...]) -> Facts:
    return Facts(facts.name, facts.modality, labels, "", "", facts.grouping)


def _slices(
    root: Path, case: Case, category: str, wanted: _Wanted, rule: LabelRule | None = None
) -> list[Sample]:
    """Gives the slices of one file."""
    name = f'file "{shown(case.path)}"'
    header = read_header(root / case.path, name)
    for mask in case.masks:
        _check_alike(header, read_header(root / mask, f'mask "{shown(mask)}"'), name, shown(mask))
    axis = _axis(header, wanted.axis)
    samples = []
    for index in _indices(root, case, header, axis, wanted):
        samples.append(
            Sample(
                source=shown(case.path) + ("" if axis is None else f"#{index}"),
                image=NiftiSlice(root / case.path, axis, index, wanted.window),
                category=category,
                masks=tuple(
                    NiftiMask(root / mask, axis, index, rule, shown(mask))
                    for mask in case.masks
                    if rule
                ),
                group=_group(case.path, wanted.by_folder),
                part=case.part,
            )
        )
    return samples


def _check_alike(header: NiftiHeader, mask: NiftiHeader, name: str, source: str) -> None:
    """Refuses a mask that does not lie on its image."""
    if mask.shape != header.shape:
        raise PictureError(
            f'{name} has the shape {header.shape}, its mask "{source}" {mask.shape}; resample the '
            "mask to the image, by nearest neighbour"
        )
    if mask.orientation != header.orientation:
        raise PictureError(
            f'{name} and its mask "{source}" lie differently in space by their headers '
            f"({_directions(header)} and {_directions(mask)}); save the mask with the transform of "
            "the image"
        )


def _directions(header: NiftiHeader) -> str:
    """Names the directions of the axes, such as RAS."""
    if header.orientation is None:
        return "no transform"
    return "".join(_WAYS[axis][way > 0] for axis, way in header.orientation)


def _axis(header: NiftiHeader, wanted: int | None) -> int | None:
    """Gives the axis to cut along; a volume of one voxel along a single axis is cut along that."""
    if header.is_flat:
        return None
    if wanted is not None:
        return wanted
    thin = [axis for axis, length in enumerate(header.shape) if length == 1]
    return header.along(thin[0] if len(thin) == 1 else 2)


def _indices(
    root: Path, case: Case, header: NiftiHeader, axis: int | None, wanted: _Wanted
) -> Iterator[int]:
    """Yields the slices that are wanted."""
    if axis is None:
        yield 0
        return
    marked = [
        read_volume(root / mask, f'mask "{shown(mask)}"').marked(axis)
        for mask in (case.masks if wanted.skip_empty else ())
    ]
    for index in range(0, header.shape[header.stored_axis(axis)], wanted.every):
        if not marked or any(slices[index] for slices in marked):
            yield index


def _group(path: PurePosixPath, by_folder: bool) -> str:
    """Gives the group: the file without its suffix, or its folder where there is one."""
    if by_folder and path.parent.parts:
        return shown(path.parent)
    return shown(path.with_name(stem(path)))
