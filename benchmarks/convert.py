"""Images per second of ``med2d convert`` for each layout, and of decoding and encoding alone.

The loop reads the same images and masks with as many processes, and writes them as PNG with the
same compression: the floor that no conversion can beat. Both alternate in one run, so that whatever
else the machine does falls on both. The audit, which follows a conversion, is left out.

    python benchmarks/convert.py
    python benchmarks/convert.py --layout busi --data ../shared/data/Dataset_BUSI_with_GT
    python benchmarks/convert.py --count 100000 --tiny

The last one converts tiny images once and prints how much memory the parent process holds.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets import convert as conversion
from pipelines.datasets.convert import Options, convert
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import Request, Sample
from pipelines.datasets.parallel import cores, mapped
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.picture import COMPRESSION, png
from pipelines.datasets.sources.source import ImageSource, MaskSource

CLASSES = ("benign", "malignant", "normal")


@dataclass(frozen=True)
class Made:
    """A made image: class, pixels (height, width) and mask (height, width) of 0 and 1, uint8."""

    category: str
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """A layout to measure.

    Attributes:
        task: what it is converted for.
        lay: writes made images in this layout into a folder.
        options: the layout's own options.
    """

    task: str
    lay: Callable[[Path, Sequence[Made]], None]
    options: dict[str, Any] = field(default_factory=dict)


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _lay_busi(folder: Path, images: Sequence[Made]) -> None:
    for number, made in enumerate(images):
        _save(folder / made.category / f"{number}.png", made.pixels)
        _save(folder / made.category / f"{number}_mask.png", made.mask * np.uint8(255))


def _lay_arrays(folder: Path, images: Sequence[Made]) -> None:
    side = 256
    stack = [Image.fromarray(made.pixels).resize((side, side)) for made in images]
    np.save(folder / "Input.npy", np.stack([np.asarray(image.convert("RGB")) for image in stack]))
    np.save(folder / "target.npy", np.array([made.category for made in images]))


def _lay_class_folders(folder: Path, images: Sequence[Made]) -> None:
    for number, made in enumerate(images):
        _save(folder / made.category / f"{number}.png", made.pixels)


def _lay_csv(folder: Path, images: Sequence[Made]) -> None:
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "class"])
        for number, made in enumerate(images):
            _save(folder / "images" / f"{number}.png", made.pixels)
            rows.writerow([f"{number}.png", made.category])


def _lay_image_mask_folders(folder: Path, images: Sequence[Made]) -> None:
    for number, made in enumerate(images):
        _save(folder / "images" / f"{number}.png", made.pixels)
        _save(folder / "masks" / f"{number}.png", made.mask * np.uint8(255))


def _lay_dicom(folder: Path, images: Sequence[Made]) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    for number, made in enumerate(images):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = SecondaryCaptureImageStorage
        data.SOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
        data.Modality, data.PatientID = "US", f"p{number}"
        data.PhotometricInterpretation, data.SamplesPerPixel = "MONOCHROME2", 1
        data.Rows, data.Columns = made.pixels.shape
        data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
        data.PixelRepresentation = 0
        data.PixelData = made.pixels.tobytes() + b"\0" * (made.pixels.size % 2)
        path = folder / made.category / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        data.save_as(path, enforce_file_format=True)


def _save_nifti(path: Path, pixels: NDArray[np.uint8]) -> None:
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.Nifti1Image(pixels.T, np.diag([-1.0, -1.0, 1.0, 1.0])).to_filename(path)


def _lay_nifti(folder: Path, images: Sequence[Made]) -> None:
    for number, made in enumerate(images):
        _save_nifti(folder / "images" / f"{number}.nii.gz", made.pixels)
        _save_nifti(folder / "labels" / f"{number}.nii.gz", made.mask)


def _lay_datalist(folder: Path, images: Sequence[Made]) -> None:
    entries = []
    for number, made in enumerate(images):
        _save(folder / "imagesTr" / f"{number}.png", made.pixels)
        _save(folder / "labelsTr" / f"{number}.png", made.mask)
        entries.append({"image": f"imagesTr/{number}.png", "label": f"labelsTr/{number}.png"})
    content = {"labels": {"0": "background", "1": "tumour"}, "training": entries}
    (folder / "datalist.json").write_text(json.dumps(content))


CASES: dict[str, Case] = {
    "busi": Case("segmentation", _lay_busi),
    "npy-arrays": Case("classification", _lay_arrays),
    "class-folders": Case("classification", _lay_class_folders),
    "csv-labels": Case("classification", _lay_csv),
    "image-mask-folders": Case("segmentation", _lay_image_mask_folders),
    "dicom": Case("classification", _lay_dicom),
    "nifti": Case("segmentation", _lay_nifti),
    "datalist": Case("segmentation", _lay_datalist),
}


def main() -> None:
    """Measures what was asked for and prints each figure and the ratio."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if arguments.tiny:
            _memory_curve(work, arguments.count or 10_000, arguments.workers)
            return
        images = [] if arguments.data else _made(work / "made", arguments.count or 200)
        for layout in [arguments.layout] if arguments.layout else CASES:
            data = arguments.data
            if data is None:
                data = work / layout
                data.mkdir()
                CASES[layout].lay(data, images)
            _measure(layout, data, work, arguments.workers, arguments.repeat)


def _made(folder: Path, count: int) -> list[Made]:
    """Makes breast ultrasound, and reads it back."""
    make_busi(folder, count)
    images = []
    for path in sorted(folder.rglob("*.png")):
        if "_mask" not in path.stem:
            mask = np.asarray(Image.open(path.with_name(f"{path.stem}_mask.png")).convert("1"))
            pixels = np.asarray(Image.open(path).convert("L"))
            images.append(Made(path.parent.name, pixels, mask.astype(np.uint8)))
    return images


def _measure(layout: str, data: Path, work: Path, workers: int, repeat: int) -> None:
    """Alternates the two, after one round that fills caches and does the imports."""
    case = CASES[layout]
    reader = import_module(LAYOUTS[layout].module)
    samples = reader.scan(data, Request(case.task, options=case.options)).samples
    converted, floor, ratios = [], [], []
    for turn in range(repeat + 1):
        fast, full = work / f"{layout}-floor{turn}", work / f"{layout}-full{turn}"
        bare = len(samples) / _seconds(partial(_recode_all, samples, fast, workers))
        whole = len(samples) / _seconds(partial(_convert, layout, data, full, workers))
        if turn:
            converted.append(whole)
            floor.append(bare)
            ratios.append(whole / bare)
    print(
        f"{layout}: {len(samples)} images, {workers} processes, median of {repeat}: convert "
        f"{statistics.median(converted):.0f}/s, floor {statistics.median(floor):.0f}/s, ratio "
        f"{statistics.median(ratios):.2f}",
        flush=True,
    )


def _seconds(work: Callable[[], None]) -> float:
    """Times one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _convert(layout: str, data: Path, out: Path, workers: int) -> None:
    """Converts the folder, in silence."""
    case = CASES[layout]
    options = Options(
        task=case.task,
        workers=workers,
        folds=3,
        layout=case.options,
        keep_conflicts=True,
        audit=False,
    )
    convert(data, out, layout, options, say=lambda line: None)


def _recode_all(samples: Sequence[Sample], out: Path, workers: int) -> None:
    """Decodes and encodes the image and the masks of every sample."""
    out.mkdir()
    jobs = [(sample, out / f"{number}.png") for number, sample in enumerate(samples)]
    with mapped(_recode, jobs, workers) as results:
        for _ in results:
            pass


def _recode(job: tuple[Sample, Path]) -> None:
    """Decodes one sample and writes it as PNG: picture files by Pillow, others by their source."""
    sample, target = job
    sources: list[ImageSource | MaskSource] = [sample.image, *sample.masks]
    for number, source in enumerate(sources):
        path = getattr(source, "path", None)
        if isinstance(path, Path) and path.suffix.casefold() == ".png":
            buffer = io.BytesIO()
            with Image.open(path) as image:
                image.save(buffer, "PNG", compress_level=COMPRESSION)
            data = buffer.getvalue()
        else:
            read: Any = source.read("image")
            data = png(getattr(read, "pixels", read))
        target.with_stem(f"{target.stem}-{number}").write_bytes(data)


def _memory_curve(work: Path, count: int, workers: int) -> None:
    """Converts tiny images in class folders, and prints the parent's memory on the way."""
    rng = np.random.default_rng(0)
    for number in range(count):
        blocks = rng.integers(0, 256, (6, 8), dtype=np.uint8)
        tiny = Image.fromarray(blocks).resize((40, 32), Image.Resampling.BICUBIC)
        path = work / "raw" / CLASSES[number % 3] / f"{number // 3000:03d}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        tiny.save(path, compress_level=1)
    print(f"{count} images; the parent's memory in MiB (its own; with mapped files and code)")
    conversion.counting = _watching  # type: ignore[attr-defined]
    options = Options(workers=workers, keep_conflicts=True, audit=False)
    print(f"at the start: {_memory()}")
    seconds = _seconds(
        lambda: _quiet(convert, work / "raw", work / "out", "class-folders", options)
    )
    print(f"at the end: {_memory()}; {count / seconds:.0f} images/s in all")


def _quiet(function: Callable[..., object], *arguments: object) -> None:
    function(*arguments, say=lambda line: None)


@contextmanager
def _watching(description: str) -> Iterator[Callable[[int, int], None]]:
    """Prints the memory ten times on the way."""

    def report(done: int, total: int) -> None:
        if done % max(1, total // 10) == 0 or done == total:
            print(f"{description} {done} of {total}: {_memory()}", flush=True)

    yield report


def _memory() -> str:
    """Reads this process's memory from the system."""
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    own, whole = (int(sizes[name].split()[0]) // 1024 for name in ("RssAnon", "VmRSS"))
    return f"{own} ({whole})"


def _arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--layout", choices=list(CASES), help="only this one")
    parser.add_argument("--data", type=Path, help="a raw folder of that layout, not made images")
    parser.add_argument("--count", type=int, help="made images (default: 200; tiny: 10000)")
    parser.add_argument("--tiny", action="store_true", help="print the memory of tiny images")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--workers", type=int, default=cores(), help="processes")
    arguments = parser.parse_args()
    if arguments.data and not arguments.layout:
        parser.error("--data needs --layout")
    return arguments


if __name__ == "__main__":
    main()
