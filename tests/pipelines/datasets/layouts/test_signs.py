from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.layouts.signs import recognise

KINDS = {
    "a dataset folder, converted already (dataset.json)": ["dataset.json", "images/a.png"],
    "a folder of DICOM files (p/1.DCM)": ["p/1.DCM"],
    "a folder of NIfTI images (a/b.nii.gz)": ["a/b.nii.gz"],
    "a folder of NumPy arrays (Input.npy)": ["Input.npy", "Output.npy"],
    "a table with pictures (t.csv)": ["t.csv", "Images/a.png"],
    "two folders, one of images and one of masks (masks/)": ["images/a.png", "masks/a.png"],
    "class folders of pictures without masks (a/1.jpg)": ["a/1.jpg", "b/1.jpg", "readme.txt"],
    "a folder of pictures without class folders (1.jpg)": ["1.jpg", "2.jpg"],
    "an archive that is not unpacked (a.zip)": ["a.zip"],
    "no layout known here (it holds a.txt, b.txt)": ["a.txt", "b.txt"],
    "an empty folder": [".DS_Store"],
}


@pytest.mark.parametrize(("expected", "files"), KINDS.items())
def test_what_a_folder_looks_like(tmp_path: Path, expected: str, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert recognise(tmp_path) == expected


def test_dicom_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "IM0001").write_bytes(b"\0" * 128 + b"DICM")
    assert recognise(tmp_path) == "a folder of DICOM files (IM0001)"
