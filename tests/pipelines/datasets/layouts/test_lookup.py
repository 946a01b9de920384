from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.datasets.layouts.lookup import Lookup, image_folder
from pipelines.datasets.layouts.walk import walk
from pipelines.errors import InputError

FILES = [
    "Images/a.png", "Images/b (1).png", "Images/läsion.jpg", "Images/1.2.840.png",
    "thumbs/a.png", "deep/p1/x.png", "deep/p2/x.png", "x.png", "two/c.png", "two/c.jpg",
]  # fmt: skip


def lookup(folder: str = "", suffix: str = "", top: str = "raw") -> Lookup:
    return Lookup(map(PurePosixPath, FILES), PurePosixPath(folder), suffix, top)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("b (1)", "Images/b (1).png"),
        ("b (1).png", "Images/b (1).png"),
        ("Images/a.png", "Images/a.png"),
        ("./thumbs//a", "thumbs/a.png"),
        ("raw/thumbs/a.png", "thumbs/a.png"),
        (unicodedata.normalize("NFD", "läsion"), "Images/läsion.jpg"),
        ("1.2.840", "Images/1.2.840.png"),
        ("p2/x.png", "deep/p2/x.png"),
        ("x", "x.png"),  # of several, the one whose whole path it is
        ("c.jpg", "two/c.jpg"),
    ],
)
def test_what_a_name_means(name: str, file: str) -> None:
    assert lookup().find(name) == PurePosixPath(file)


def test_folder_and_suffix_decide() -> None:
    assert lookup("thumbs").find("a.png") == PurePosixPath("thumbs/a.png")
    assert lookup(suffix=".jpg").find("c") == PurePosixPath("two/c.jpg")
    assert lookup(suffix=".jpg").find("c.png") == PurePosixPath("two/c.png")
    assert lookup("deep/p1").find("x") == PurePosixPath("deep/p1/x.png")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.png", 'may be "Images/a.png", "thumbs/a.png"; choose the folder with --images'),
        ("c", 'may be "two/c.png", "two/c.jpg"; choose the suffix with --suffix'),
        ("none", "which is missing; add the image, or take the row out"),
        ("B (1).PNG", '"Images/b (1).png" differs by upper and lower case: write it alike'),
        ("b (1).jpg", 'there is "Images/b (1).png": correct the name'),
        ("other/b (1).png", 'there is "Images/b (1).png": correct the name'),
        ("", "names no image; fill it in"),
        (".", "names the image"),
        ("../raw/x.png", 'may lead out of the raw folder; expected one without ".."'),
        ("Images/../x.png", 'may lead out of the raw folder; expected one without ".."'),
        ("/etc/x.png", "expected a path below the raw folder, with forward slashes"),
        ("~/x.png", "expected a path below the raw folder"),
        ("C:/x.png", "expected a path below the raw folder"),
        ("Images\\a.png", "with forward slashes"),
        ("a\0.png", "control characters"),
        ("two\nlines", "control characters"),
    ],
)
def test_what_no_image_is_found_for(name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        lookup().find(name)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_image_says_where_it_was_looked_for() -> None:
    with pytest.raises(InputError, match=r'"b" *, which is missing in "thumbs"; add the image'):
        lookup("thumbs").find("b")


@example("..")
@example("Images/a.png/..")
@example("\u0130.png")
@given(st.one_of(st.text(max_size=12), st.text("./\\ax~:pngC ", max_size=12)))
def test_any_name_is_a_file_that_was_listed_or_an_input_error(name: str) -> None:
    try:
        assert str(lookup().find(name)) in FILES
    except InputError as error:
        assert "\n" not in str(error)


def test_the_folder_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    (raw / "Images" / "png").mkdir(parents=True)
    (raw / "out").symlink_to(tmp_path)
    tree = walk(raw, "csv-labels")
    assert image_folder(tree, "Images/png") == PurePosixPath("Images/png")
    assert image_folder(tree, str(raw / "Images")) == PurePosixPath("Images")
    assert image_folder(tree, ".") == PurePosixPath(".")
    for outside in ("..", str(tmp_path), "out"):
        with pytest.raises(InputError, match=r"lies outside the raw folder .*; give as RAW the"):
            image_folder(tree, outside)
    for missing in ("Image", "a\0b"):
        with pytest.raises(InputError, match="there is no such folder in"):
            image_folder(tree, missing)
    with pytest.raises(InputError, match=r'did you mean "Images"\?'):
        image_folder(tree, "Image")
    monkeypatch.chdir(raw / "Images")
    assert image_folder(tree, "png") == PurePosixPath("Images/png")
