from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipelines.datasets.sources.label_file import ClassFiles, LabelFile, beside_image
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.sources.source import files_of
from pipelines.errors import InputError
from transforms.picture import PictureError

LABELS = ("background", "stroma", "tumour")


def saved(folder: Path, name: str, values: np.ndarray) -> Path:
    Image.fromarray(values.astype(np.uint8)).save(folder / name)
    return folder / name


def block(rows: slice, columns: slice, value: int = 255) -> np.ndarray:
    values = np.zeros((6, 9), dtype=np.uint8)
    values[rows, columns] = value
    return values


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        saved(tmp_path, "a_stroma.png", block(slice(0, 3), slice(0, 4))),
        saved(tmp_path, "a_tumour.png", block(slice(3, 6), slice(2, 9), 1)),
    )


def test_a_label_file(tmp_path: Path) -> None:
    indices = block(slice(0, 3), slice(0, 4), 2)
    source = LabelFile(saved(tmp_path, "a.png", indices), LabelRule(LABELS), "a.png")
    assert files_of(source) == [tmp_path / "a.png"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).read("mask"), indices)
    (tmp_path / "a.png").write_bytes(b"GIF89a nothing")
    with pytest.raises(PictureError, match=r"^mask "):
        source.read("mask")


def test_another_size_than_the_image_is_told_with_what_else_is_wrong(tmp_path: Path) -> None:
    rule = LabelRule(LABELS)
    mask = saved(tmp_path, "m.png", block(slice(0, 3), slice(0, 4), 9))
    for name, shape, told in (("a.png", (6, 9), False), ("b.png", (12, 18), True)):
        image = saved(tmp_path, name, np.zeros(shape))
        with pytest.raises(InputError, match=r"^m holds the value 9") as caught:
            LabelFile(mask, rule, "m.png", image).read("m")
        wrong = "It is also 9 x 6 pixels, its image 18 x 12: export both at one size"
        assert str(caught.value).endswith(wrong) is told
    with pytest.raises(InputError, match=r"with --classes$"):
        LabelFile(mask, rule, "m.png", tmp_path / "none.png").read("m")


def test_files_of_single_classes(files: tuple[Path, Path]) -> None:
    source = ClassFiles(files, (1, 2), LABELS)
    assert files_of(source) == list(files)
    found = pickle.loads(pickle.dumps(source)).read("mask")
    assert found.dtype == np.uint8
    expected = np.maximum(block(slice(0, 3), slice(0, 4), 1), block(slice(3, 6), slice(2, 9), 2))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ClassFiles(files, (1, 1), LABELS).read("m"), expected > 0)


def test_a_file_may_be_marked_by_its_index_only(tmp_path: Path) -> None:
    own = saved(tmp_path, "own.png", block(slice(0, 2), slice(0, 2), 2))
    assert ClassFiles((own,), (2,), LABELS).read("m").max() == 2
    with pytest.raises(InputError, match=r"^m holds 1 values besides 0 \(2\); expected, in the fi"):
        ClassFiles((own,), (1,), LABELS).read("m")
    two = block(slice(0, 2), slice(0, 2), 2) + block(slice(3, 4), slice(0, 2), 1)
    with pytest.raises(InputError, match=r"holds 2 values besides 0 \(1, 2\)"):
        ClassFiles((saved(tmp_path, "two.png", two),), (2,), LABELS).read("m")


def test_overlapping_classes_are_refused_unless_the_later_wins(tmp_path: Path) -> None:
    files = (
        saved(tmp_path, "a_tumour.png", block(slice(0, 3), slice(0, 4))),
        saved(tmp_path, "a_stroma.png", block(slice(2, 6), slice(2, 9))),
    )
    with pytest.raises(InputError) as caught:
        ClassFiles(files, (2, 1), LABELS).read('mask "a_tumour.png"')
    assert str(caught.value) == (
        'mask "a_tumour.png" overlaps stroma in 2 pixels; a pixel has one class: mend the masks, '
        "or give --later-wins (the class that stands later in --classes wins)"
    )
    found = ClassFiles(files, (2, 1), LABELS, later_wins=True).read("m")
    assert found[2, 2] == 2 and found[5, 8] == 1
    same = ClassFiles(files, (2, 2), LABELS).read("m")
    assert set(np.unique(same)) == {0, 2}


def test_a_file_of_the_background_must_not_overlap_either(files: tuple[Path, Path]) -> None:
    assert ClassFiles(files, (0, 1), LABELS).read("m").max() == 1
    with pytest.raises(InputError, match="overlaps background"):
        ClassFiles((files[0], files[0]), (0, 1), LABELS).read("m")


def test_sizes_and_soft_edges(tmp_path: Path, files: tuple[Path, Path]) -> None:
    other = saved(tmp_path, "other.png", np.zeros((6, 8)))
    with pytest.raises(InputError, match=r'^mask "other.png" is 8 x 6 pixels, another .* 9 x 6'):
        ClassFiles((files[0], other), (1, 2), LABELS).read("m")
    soft = saved(tmp_path, "soft.png", np.arange(54).reshape(6, 9))
    with pytest.raises(InputError, match=r"^m holds 54 grey values \(0, 1, 2, 3, … 53\) all over"):
        ClassFiles((soft,), (1,), LABELS).read("m")
    assert ClassFiles((soft,), (1,), LABELS, threshold=50).read("m").sum() == 4
    Image.open(files[0]).save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="is a JPEG"):
        ClassFiles((tmp_path / "a.jpg",), (1,), LABELS).read("m")


def test_a_turned_image_is_named_as_the_reason_of_another_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("L", (6, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert beside_image((6, 4), tmp_path / "a.jpg") == (
        ". It is also 6 x 4 pixels, its image 4 x 6: export both at one size (the EXIF orientation "
        "6 of the image turns it)"
    )
    assert beside_image((4, 6), tmp_path / "a.jpg") == ""
    assert beside_image((9, 9), tmp_path / "a.jpg").endswith("at one size")
