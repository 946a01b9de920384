from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets.encoding import encode
from pipelines.datasets.exports.letterbox import letterboxed
from pipelines.datasets.exports.npz import write
from pipelines.errors import InputError


def test_a_segmentation_loads_in_one_line(
    dataset_of: Callable, request_of: Callable, pixels_of, mask_of
) -> None:
    dataset = dataset_of(testing=2)
    request = request_of(dataset)
    write(request)
    data = np.load(request.folder / "dataset.npz")
    assert data["images"].shape == data["masks"].shape == (11, 32, 32)
    assert data["images"].dtype == data["masks"].dtype == np.uint8
    for number in (0, 4, 10):
        assert np.array_equal(
            data["images"][number], letterboxed(pixels_of(number, 1, np.uint8), 32)
        )
        assert np.array_equal(data["masks"][number], letterboxed(mask_of(number), 32, mask=True))
    assert data["labels"].tolist() == [0, 1, 2] * 3 + [0, 1]
    assert data["classes"].tolist() == ["benign", "malignant", "normal"]
    assert data["mask_classes"].tolist() == ["background", "tumour", "cyst"]
    assert data["folds"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, -1, -1]
    assert data["groups"][3] == "g0003" and data["ids"][1] == "malignant_0002"
    assert data["sizes"][4].tolist() == [24, 30]
    assert not any(data[name].dtype.hasobject for name in data.files)
    assert [path.name for path in request.folder.iterdir()] == ["dataset.npz"]


def test_a_classification_has_no_masks(dataset_of: Callable, request_of: Callable) -> None:
    request = request_of(dataset_of(task="classification", channels=3), size=16)
    write(request)
    data = np.load(request.folder / "dataset.npz")
    assert set(data.files) == {"images", "labels", "classes", "groups", "folds", "ids", "sizes"}
    assert data["images"].shape == (9, 16, 16, 3)
    assert data["labels"].tolist() == [0, 1, 2] * 3
    assert data["classes"].tolist() == ["benign", "malignant", "normal"]


@pytest.mark.parametrize("kind", ["png", "nifti"])
def test_deep_images_stay_deep(
    dataset_of: Callable, request_of: Callable, pixels_of, kind: str
) -> None:
    request = request_of(dataset_of(kind=kind, dtype=np.uint16), size=30)
    write(request)
    images = np.load(request.folder / "dataset.npz")["images"]
    assert images.dtype == np.uint16
    assert np.array_equal(images[0, 5:25], pixels_of(0, 1, np.uint16))


@pytest.mark.parametrize("kind", ["png", "nifti"])
def test_both_depths_come_to_one_scale(
    dataset_of: Callable, request_of: Callable, pixels_of, kind: str
) -> None:
    dataset = dataset_of(kind=kind)
    deep = pixels_of(1, 1, np.uint16)
    (dataset.folder / dataset.items[1]["image"]).write_bytes(encode(deep, kind, None))
    said: list[str] = []
    request = replace(request_of(dataset, size=30), say=said.append)
    write(request)
    images = np.load(request.folder / "dataset.npz")["images"]
    assert images.dtype == np.uint16
    flat = pixels_of(0, 1, np.uint8).astype(np.uint16) * 257
    assert np.array_equal(images[0, 5:25], flat)
    assert images[1].max() == deep.max()
    assert "8 of 9 images have 8 bits: multiplied by 257" in said


def test_workers_do_not_change_the_file(
    dataset_of: Callable, request_of: Callable, tmp_path: Path
) -> None:
    dataset, found = dataset_of(), []
    for workers in (1, 2, 1):
        request = request_of(dataset, workers=workers)
        write(request)
        found.append((request.folder / "dataset.npz").read_bytes())
    assert found[0] == found[1] == found[2]
    with zipfile.ZipFile(request.folder / "dataset.npz") as archive:
        assert archive.testzip() is None
        assert all(entry.compress_size < entry.file_size for entry in archive.infolist()[:1])


@pytest.mark.parametrize("size", [7, 5000])
def test_sizes_out_of_range_are_refused(
    dataset_of: Callable, request_of: Callable, size: int
) -> None:
    with pytest.raises(InputError, match=f"the size is {size}; expected 8 to 4096"):
        write(request_of(dataset_of(), size=size))


def test_a_damaged_image_is_named(dataset_of: Callable, request_of: Callable) -> None:
    dataset = dataset_of()
    path = dataset.folder / dataset.items[3]["image"]
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(InputError, match=r"benign_0004\.png is truncated or damaged"):
        write(request_of(dataset))


_GROWTH = """
import resource, sys
from pathlib import Path
from pipelines.datasets.dataset import read
from pipelines.datasets.exports.npz import write
from pipelines.datasets.exports.request import Request
dataset, new = read(sys.argv[1]), Path(sys.argv[2])
def peak(size):
    write(Request(dataset, new, new, size, 0, 501, 1, lambda line: None))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak(64), peak(2048))
"""


def test_memory_does_not_hold_the_arrays(dataset_of: Callable, tmp_path: Path) -> None:
    """Nine images and masks of 2048 pixels are 75 MB; what the process holds grows by less.

    Pages of the files on the disk count as held while the system leaves them there, one at most.
    """
    for name in ("new", "work"):
        (tmp_path / name).mkdir()
    arguments = [sys.executable, "-c", _GROWTH, str(dataset_of().folder), str(tmp_path / "new")]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True)
    small, large = (int(number) / 1024 for number in told.stdout.split())
    assert large - small < 40


def test_labels_with_gaps_are_refused(dataset_of: Callable, request_of: Callable) -> None:
    gapped = replace(dataset_of(), labels={"0": "background", "2": "tumour"})
    with pytest.raises(InputError, match="the labels have the indices 0, 2; expected 0, 1, 2"):
        write(request_of(gapped))
