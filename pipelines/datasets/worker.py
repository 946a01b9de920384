"""One sample: decoded, checked, merged, shrunk, encoded. Runs in a worker process."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import duplicates, mask, picture
from pipelines.datasets.encoding import encode
from pipelines.datasets.job import Job
from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.record import Record
from pipelines.datasets.resize import fitted, scaled_spacing, shrink_mask, shrink_picture
from pipelines.datasets.sources.exif_orientation import turned_apart
from pipelines.datasets.sources.source import ImageSource, MaskSource, Picture, files_of
from pipelines.errors import InputError
from transforms.picture import PictureError

IMAGES, MASKS = "images", "masks"
_SMALL_BYTES = duplicates.SIDE**2


@dataclass(frozen=True)
class Work:
    """What is the same for all samples.

    Attributes:
        smalls: the file of the small copies, one after the other; it exists.
        folder: the dataset folder that is being made; nothing where nothing shall be written.
        kind: the format, a key of ``encoding.SUFFIXES``.
        channels: 1 (grey) or 3 (RGB).
        size: the longest side that is allowed, or nothing.
        masked: whether masks are wanted.
        labels: names of the class indices.
    """

    smalls: Path
    folder: Path | None
    kind: str
    channels: int
    size: int | None
    masked: bool
    labels: tuple[str, ...]


def convert_one(job: Job, work: Work) -> Record:
    """Converts one sample.

    Args:
        job: the sample.
        work: what is the same for all.

    Returns:
        What the pixels tell; or the problems, and nothing is written.

    Raises:
        OSError: something cannot be written.
    """
    key = _key(job)
    if job.earlier is not None and job.earlier.key == key and _stands(job, job.earlier, work):
        return job.earlier
    sample = job.sample
    problems: list[str] = []
    name = f'image "{sample.source}"'
    image = _tried(problems, sample.image.read, name)
    if image is not None:
        image = _tried(problems, _with_channels, image, work.channels, name)
    indices = _merged(problems, sample, image, work) if work.masked else None
    if problems or image is None:
        return Record(key=key, problems=tuple(problems))
    return _written(job, image, indices, work, key)


def _key(job: Job) -> str:
    """Hashes what the result depends on, as far as it is known without opening a file."""
    sources: list[ImageSource | MaskSource] = [job.sample.image, *job.sample.masks]
    parts = [job.name, job.sample.source, *map(repr, sources)]
    for path in (path for source in sources for path in files_of(source)):
        try:
            status = path.stat()
            parts.append(f"{status.st_size} {status.st_mtime_ns}")
        except (OSError, ValueError):
            parts.append("missing")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _stands(job: Job, record: Record, work: Work) -> bool:
    """Tells whether what a stopped run wrote is still there, whole."""
    if work.folder is None or bool(record.label_hash) != work.masked:
        return False
    files = {work.folder / IMAGES / job.name: record.image_hash}
    if record.label_hash:
        files[work.folder / MASKS / job.name] = record.label_hash
    try:
        whole = all(_sha256(path.read_bytes()) == hashed for path, hashed in files.items())
        with work.smalls.open("rb") as file:
            file.seek(job.index * _SMALL_BYTES)
            return whole and zlib.crc32(file.read(_SMALL_BYTES)) == record.small_check
    except OSError:
        return False


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _tried(problems: list[str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function; what the user must mend goes to the problems, so that all are found."""
    try:
        return function(*arguments)
    except (InputError, PictureError) as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(f"{arguments[-1]} cannot be read: {error.strerror or error}")
    except MemoryError:
        problems.append(f"{arguments[-1]} is too large for the memory; take it out")
    return None


def _with_channels(image: Picture, channels: int, name: str) -> Picture:
    """Makes grey or RGB of a picture; grey that was made of colours is flagged."""
    if channels == 3:
        return replace(image, pixels=picture.to_rgb(image.pixels, name))
    if image.pixels.ndim == 2:
        return image
    colourful = picture.coloured_share(image.pixels) >= picture.LEAST_COLOURED
    new = (picture.COLOUR, picture.COLOURFUL) if colourful else (picture.COLOUR,)
    flags = tuple(dict.fromkeys((*image.flags, *new)))
    return replace(image, pixels=picture.to_grey(image.pixels), flags=flags)


def _merged(
    problems: list[str], sample: Sample, image: Picture | None, work: Work
) -> NDArray[np.uint8] | None:
    """Reads and merges the masks; compares their sizes with the image's, their values with the
    labels."""
    masks = []
    for source in sample.masks:
        name = _mask_name(source, sample)
        indices = _tried(problems, source.read, name)
        if indices is None:
            continue
        turned = turned_apart(sample.image, source)
        problems += [f'image "{sample.source}" {line}' for line in turned]
        if image is not None and not turned and indices.shape != image.pixels.shape[:2]:
            problems.append(_other_size(indices, name, image.pixels))
        if int(indices.max(initial=0)) >= len(work.labels):
            problems.append(
                f"{name} holds the class index {indices.max()}, but the labels are "
                f"{', '.join(work.labels)}; name them all by --classes"
            )
        masks.append(indices)
    if not sample.masks:
        problems.append(f'image "{sample.source}" has no mask; give one, or take the image out')
    return mask.merge(masks) if masks and not problems else None


def _mask_name(source: MaskSource, sample: Sample) -> str:
    """Calls a mask by its own path where the source knows it."""
    own = getattr(source, "source", "")
    return f'mask "{own}"' if own else f'the mask of "{sample.source}"'


def _other_size(indices: NDArray[np.uint8], name: str, pixels: NDArray[Any]) -> str:
    (height, width), (image_height, image_width) = indices.shape, pixels.shape[:2]
    return (
        f"{name} is {width} x {height} pixels, its image {image_width} x {image_height}; export "
        "both at one size"
    )


def _written(
    job: Job, image: Picture, indices: NDArray[np.uint8] | None, work: Work, key: str
) -> Record:
    """Shrinks and writes an image, its mask and its small copy."""
    before = image.pixels.shape[0], image.pixels.shape[1]
    after = fitted(*before, work.size)
    pixels = shrink_picture(image.pixels, after)
    spacing = scaled_spacing(image.spacing, before, after)
    label_hash, marked, vanished, unseen = "", False, False, 0
    if indices is not None:
        indices, unseen = _as_shown(indices, image)
        shrunk = shrink_mask(indices, after)
        marked = bool(indices.any())
        vanished = marked and not shrunk.any()
        label_hash = _save(work, MASKS, job.name, shrunk, spacing)
    small = duplicates.small_copy(picture.to_grey(pixels)).tobytes()  # of what the folder holds
    with work.smalls.open("rb+") as file:
        file.seek(job.index * _SMALL_BYTES)
        file.write(small)
    return Record(
        key=key,
        image_hash=_save(work, IMAGES, job.name, pixels, spacing),
        label_hash=label_hash,
        width=after[1],
        height=after[0],
        flags=",".join(image.flags),
        spacing=spacing,
        marked=marked,
        vanished=vanished,
        blank=bool(image.pixels.min() == image.pixels.max()),
        deep=pixels.dtype == np.uint16,
        clear=0.0 if image.clear is None else float(image.clear.mean()),
        unseen=unseen,
        small_check=zlib.crc32(small),
    )


def _as_shown(indices: NDArray[np.uint8], image: Picture) -> tuple[NDArray[np.uint8], int]:
    """Makes background of what is marked where the image shows nothing; counts those pixels."""
    if image.clear is None:
        return indices, 0
    unseen = int(np.count_nonzero(indices[image.clear]))
    return (np.where(image.clear, np.uint8(0), indices) if unseen else indices), unseen


def _save(
    work: Work, part: str, name: str, pixels: NDArray[Any], spacing: tuple[float, float] | None
) -> str:
    """Writes a file and gives its SHA-256; where nothing shall be written, only a placeholder."""
    if work.folder is None:
        return "-"
    data = encode(pixels, work.kind, spacing)
    (work.folder / part / name).write_bytes(data)
    return _sha256(data)
