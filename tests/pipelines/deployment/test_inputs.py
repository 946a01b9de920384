"""What a model is to answer is found, checked, and its answers' place is safe."""

import os
from pathlib import Path

import numpy as np
import pytest
from ignite.engine import Engine
from numpy.typing import NDArray
from PIL import Image

from pipelines.deployment.inputs import AnswerProgress, picture_items, prepare_output
from pipelines.errors import InputError
from tests.pipelines.datasets.made_nifti import LPS, SWAPPED, write_nifti


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 3)).save(folder / name)


def found(folder: Path) -> list[str]:
    return [Path(i["image"]).relative_to(folder).as_posix() for i in picture_items(folder, 128)]


def test_pictures_below_a_folder_are_found_in_order(tmp_path: Path) -> None:
    put(tmp_path, "b.png", "a.JPG", "deep/er/c.tiff", "deep/a.png")
    (tmp_path / "notes.txt").write_text("notes")
    assert found(tmp_path) == ["a.JPG", "b.png", "deep/a.png", "deep/er/c.tiff"]


def test_what_is_hidden_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "a.png", ".b.png", ".thumbnails/c.png")
    (tmp_path / "._a.png").write_bytes(b"no picture")
    assert found(tmp_path) == ["a.png"]


def test_a_hidden_parent_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, ".cache/pictures/a.png")
    assert found(tmp_path / ".cache" / "pictures") == ["a.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no picture among its 0 files; expected \.png"):
        picture_items(tmp_path, 128)
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(InputError, match="no picture among its 1 files"):
        picture_items(tmp_path, 128)


@pytest.mark.parametrize("name", ["gone", "a.png"])
def test_what_is_no_folder_is_refused(name: str, tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    with pytest.raises(InputError, match=f"{name} is no folder"):
        picture_items(tmp_path / name, 128)


def test_two_masks_of_one_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg and .*a\.png differ only in their suffix"):
        picture_items(tmp_path, 128)


def test_two_niftis_of_one_name_are_refused(tmp_path: Path, marked: NDArray[np.uint8]) -> None:
    import nibabel as nib

    for name in ("a.nii", "a.nii.gz"):
        nib.Nifti1Image(marked.T, np.eye(4)).to_filename(tmp_path / name)
    with pytest.raises(InputError, match="differ only in their suffix"):
        picture_items(tmp_path, 128)


def test_niftis_that_are_turned_by_half_are_told(
    tmp_path: Path, marked: NDArray[np.uint8], caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "a.png")
    for name, affine in (("b.nii", LPS), ("c.nii", SWAPPED), ("sagittal.nii", np.eye(4))):
        array = marked[None] if name == "sagittal.nii" else marked
        write_nifti(tmp_path / name, array, affine)
    assert len(picture_items(tmp_path, 128)) == 4
    assert not caplog.records
    for name in ("d.nii", "e.nii.gz"):
        write_nifti(tmp_path / name, marked[..., None], np.eye(4))
    assert len(picture_items(tmp_path, 128)) == 6
    (record,) = caplog.records
    assert record.levelname == "WARNING" and record.getMessage().startswith("turned by half")
    assert f': 2 2-D files, such as "{tmp_path / "d.nii"}";' in record.getMessage()


def test_names_that_only_look_alike_pass(tmp_path: Path) -> None:
    put(tmp_path, "a.b.png", "a.c.png", "a.png", "other/a.jpg")
    assert len(picture_items(tmp_path, 128)) == 4


def test_broken_files_are_named(tmp_path: Path) -> None:
    put(tmp_path, "good.png")
    (tmp_path / "text.png").write_text("no picture")
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:900])
    with pytest.raises(InputError, match=r"cut\.png.*text\.png") as caught:
        picture_items(tmp_path, 128)
    assert "good.png" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_of_many_broken_files_ten_are_named(tmp_path: Path) -> None:
    for number in range(13):
        (tmp_path / f"{number:02}.png").write_text("no picture")
    with pytest.raises(InputError, match="and 3 more") as caught:
        picture_items(tmp_path, 128)
    assert "09.png" in str(caught.value)
    assert "10.png" not in str(caught.value)


def test_a_new_or_empty_output_is_made(tmp_path: Path) -> None:
    for _ in range(2):
        prepare_output(tmp_path / "new" / "out", False, tmp_path / "in")
        assert (tmp_path / "new" / "out").is_dir()


def test_an_output_with_files_is_refused_or_kept(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    with pytest.raises(InputError, match=r"is not empty.*--overwrite true"):
        prepare_output(tmp_path, "false", tmp_path / "in")
    prepare_output(tmp_path, "true", tmp_path / "in")
    assert (tmp_path / "old.txt").read_text() == "old"


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "circle"):
        with pytest.raises(InputError, match="cannot be made"):
            prepare_output(folder, True, tmp_path / "in")


def test_an_output_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written"):
        prepare_output(tmp_path, False, tmp_path / "in")


def test_the_end_says_where_the_answers_are(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine(lambda engine, batch: None)
    AnswerProgress("some/where").attach(engine)
    engine.run([1, 2, 3])
    assert capsys.readouterr().out == "3 masks in some/where\n"


@pytest.mark.parametrize("place", [".", "out"])
def test_answers_among_the_pictures_are_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError, match="lies inside dataset_dir"):
        prepare_output(tmp_path / place, True, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_picture_too_thin_to_shrink_is_named(tmp_path: Path) -> None:
    Image.new("L", (300, 1)).save(tmp_path / "thin.png")
    with pytest.raises(InputError, match=r"thin.png is 300 x 1 pixels"):
        picture_items(tmp_path, 128)
    Image.new("L", (100, 1)).save(tmp_path / "thin.png")
    assert len(picture_items(tmp_path, 128)) == 1


def test_a_single_pixel_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    Image.new("L", (1, 1), 9).save(tmp_path / "dot.png")
    with pytest.raises(InputError, match=r"dot.png is a single pixel, which shows nothing"):
        picture_items(tmp_path, 128)


def test_names_may_be_alike_where_no_masks_are_written(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        Image.new("L", (8, 8), 9).save(tmp_path / name)
    with pytest.raises(InputError, match="differ only in their suffix"):
        picture_items(tmp_path, 128)
    assert len(picture_items(tmp_path, 128, masks=False)) == 2


def test_pictures_at_their_own_size_need_no_more_than_the_stride(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((16, 900), np.uint8)).save(tmp_path / "thin.png")
    assert len(picture_items(tmp_path, None, content="rgb8", smallest=16)) == 1
    Image.fromarray(np.zeros((15, 900), np.uint8)).save(tmp_path / "thinner.png")
    Image.fromarray(np.full((20, 20), 999, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError) as caught:
        picture_items(tmp_path, None, content="rgb8", smallest=16)
    deep, thin = str(caught.value).split("; ")[0], str(caught.value)
    assert "deep.png: a picture with values from 999 to 999, of more than 8 bits" in deep
    assert "thinner.png is 900 x 15 pixels, smaller than the 16 pixels a side" in thin
