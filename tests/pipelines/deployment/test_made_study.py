from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import dcmread

from pipelines.datasets.sources.dicom_check import check_image
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import read_header
from pipelines.deployment.made_study import BAD, IMAGES, breast, breast_colour, made_file, main
from transforms.picture import PictureError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("study") / "made"
    result = CliRunner().invoke(main, [str(target), "--bad"])
    assert result.exit_code == 0, result.output
    assert result.output == f"{len(IMAGES) + len(BAD) + 2} made files in {target}\n"
    return target


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_good_files_are_images_of_one_study(folder: Path, file: object) -> None:
    name = file.name  # type: ignore[attr-defined]
    header = read_header(folder / name, name)
    check_image(header, name)
    assert header.elements.PatientName == "MADE^NOBODY"
    assert header.elements.StudyInstanceUID == dcmread(folder / "us_grey.dcm").StudyInstanceUID
    shape = DicomFrame(folder / name, header.frames - 1).read(name).pixels.shape[:2]
    assert shape == (header.elements.Rows, header.elements.Columns)


def test_pixels_are_stored_as_their_kind_says(folder: Path) -> None:
    read = {name: DicomFrame(folder / f"us_{name}.dcm").read(name).pixels for name in
            ("grey", "rgb", "jpeg2000", "ybr_jpeg", "palette")}  # fmt: skip
    assert (read["grey"] == breast(1)).all() and (read["jpeg2000"] == breast(5)).all()
    assert (read["rgb"] == breast_colour(2)).all()
    loss = read["ybr_jpeg"].astype(int) - breast_colour(3)
    assert 0 < abs(loss).mean() < 6
    assert read["palette"].shape[-1] == 3


def test_dense_bone_is_bright_to_a_reader_though_small_in_its_values(folder: Path) -> None:
    stored = dcmread(folder / "cr.dcm")
    shown = DicomFrame(folder / "cr.dcm").read("cr").pixels
    assert stored.PhotometricInterpretation == "MONOCHROME1"
    assert (shown.ravel()[stored.pixel_array.argmin()], shown.dtype) == (shown.max(), "uint8")


@pytest.mark.parametrize("name", ["no_pixels", "pixels_lost", "no_codec", "truncated"])
def test_broken_files_are_broken(folder: Path, name: str) -> None:
    with pytest.raises(PictureError):
        check_image(read_header(folder / f"{name}.dcm", name), name)


def test_a_file_is_the_same_in_every_run() -> None:
    first, second = (made_file(IMAGES[0], 1) for _ in range(2))
    assert first == second


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, [str(tmp_path / "file" / "study")])
    assert result.exit_code == 1 and "cannot be written" in result.output
