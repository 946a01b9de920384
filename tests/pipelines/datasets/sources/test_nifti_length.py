from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets.sources.nifti_header import read_header
from pipelines.datasets.sources.nifti_length import check_length
from tests.pipelines.datasets.made_nifti import LPS, write_nifti
from transforms.picture import PictureError


def check(path: Path) -> None:
    check_length(path, read_header(path, "a"), "a")


def written(tmp_path: Path, name: str) -> Path:
    array = np.random.default_rng(0).integers(0, 999, (40, 60, 5)).astype(np.int16)
    return write_nifti(tmp_path / name, array, LPS)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_whole_file_is_accepted(tmp_path: Path, name: str) -> None:
    check(written(tmp_path, name))


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("lacking", [200, 300, 20_000])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, name: str, lacking: int) -> None:
    path = written(tmp_path, name)
    path.write_bytes(path.read_bytes()[: -min(lacking, path.stat().st_size - 1000)])
    with pytest.raises(PictureError) as caught:
        check(path)
    assert str(caught.value).startswith("a is truncated: it breaks off after ")
    assert "of the 24000 bytes of voxels that its shape (40, 60, 5) needs" in str(caught.value)


def test_a_packed_file_without_its_end_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.nii.gz")
    content = path.read_bytes()
    for lacking in (1, 4, 8):
        path.write_bytes(content[:-lacking])
        with pytest.raises(PictureError, match="is truncated: it breaks off within the check sum"):
            check(path)


def test_the_bytes_that_are_there_are_counted(tmp_path: Path) -> None:
    content = written(tmp_path, "a.nii").read_bytes()[:-700]
    (tmp_path / "a.nii").write_bytes(content)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(content))  # cut before it was packed
    for name in ("a.nii", "a.nii.gz"):
        with pytest.raises(PictureError, match="breaks off after 23300 of the 24000 bytes"):
            check(tmp_path / name)


def test_further_bytes_and_several_parts_do_no_harm(tmp_path: Path) -> None:
    content = written(tmp_path, "a.nii").read_bytes()
    for packed in (
        gzip.compress(content + b"\0" * 2_000_000),
        gzip.compress(content[:500]) + gzip.compress(content[500:]),
        gzip.compress(content) + b"\0" * 8,
    ):
        (tmp_path / "a.nii.gz").write_bytes(packed)
        check(tmp_path / "a.nii.gz")
