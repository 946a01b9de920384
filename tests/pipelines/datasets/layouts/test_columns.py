from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from pipelines.datasets.layouts.columns import Columns, choose_columns, kept_key
from pipelines.datasets.table import read_table
from pipelines.errors import InputError

Choose = Callable[..., Columns]


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    def find(name: str) -> PurePosixPath:
        if not name.startswith("i"):
            raise InputError("names no image")
        return PurePosixPath(f"{name}.png")

    def make(text: str, **options: str) -> Columns:
        path = tmp_path / "t.csv"
        path.write_text(text)
        return choose_columns(read_table(path), options, find)

    return make


def test_columns_are_guessed_by_name_and_content(choose: Choose) -> None:
    found = choose("n;Patient_num;Plane;Train \ni1;7;a;1\ni2;8;b;0\n")
    assert (found.image, found.group, found.label, found.split) == (
        "n", "Patient_num", "Plane", "Train",
    )  # fmt: skip
    assert list(found.guessed) == [
        "--image-column", "--group-column", "--split-column", "--label-column",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["pid", "Case_ID", "study id", "PAT", "MRN", "ID"])
def test_other_names_are_of_patients_where_values_repeat(choose: Choose, name: str) -> None:
    found = choose(f"image,class,{name}\ni1,a,1\ni2,b,1\ni3,b,2\n")
    assert (found.group, found.guessed["--group-column"], found.unused) == (name, name, ())
    for values in ("1 2 3", "1 1 1"):
        rows = zip(("i1,a", "i2,b", "i3,b"), values.split(), strict=True)
        text = "".join(f"{row},{value}\n" for row, value in rows)
        found = choose(f"image,class,{name}\n{text}")
        assert (found.group, found.unused) == (None, (name,))


def test_the_surest_of_several_names_is_of_patients(choose: Choose) -> None:
    text = "image,class,id,study_id,pid,age\ni1,a,1,1,1,9\ni2,b,1,1,1,9\ni3,b,2,2,2,9\n"
    assert choose(text).group == "pid"
    found = choose(text, group_column="none")
    assert (found.group, found.unused) == (None, ())


def test_named_columns_count(choose: Choose) -> None:
    found = choose(
        "image;label;other;patient;subject\ni1;a;b;1;2\ni2;a;b;1;2\n",
        image_column="Image",
        label_column="other",
        group_column="subject",
        keep_columns=" label, patient ",
    )
    assert (found.label, found.group, found.guessed) == ("other", "subject", {})
    assert found.kept == {"label": "label_column", "patient": "patient"}


def test_of_two_columns_the_other_is_the_label(choose: Choose) -> None:
    assert choose("x,y\na,i1\nb,i2\n").label == "x"


def test_a_usual_name_decides_where_images_are_missing(choose: Choose) -> None:
    assert choose("filename,y\na,i\nb,i\n").image == "filename"


def test_a_usual_name_decides_between_image_and_mask(choose: Choose) -> None:
    assert choose("image,mask,class\ni1,i3,a\ni2,i4,b\n").image == "image"


def test_a_split_column_must_hold_parts(choose: Choose) -> None:
    assert choose("image,class,set\ni1,a,train\ni2,b,val\n").split == "set"
    assert choose("image,class,set\ni1,a,one\ni2,b,val\n").split is None
    assert choose("image,class,set,split\ni1,a,val,val\ni2,b,val,val\n").split is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,z\ni1,a,b\ni2,a,b\n", "holds the classes is unclear; choose it with --label-column"),
        ("x,y,z\na,b,c\n", 'holds the image names is unclear; .* from "x", "y", "z"'),
        ("image,class,label\ni1,a,b\ni2,a,b\n", '"class", "label" of .* may all hold the classes'),
        ("image,class,patient,subject\ni1,a,1,2\ni2,a,1,2\n", "may all hold the patients; choose"),
        ("image,path,class\ni1,i2,a\ni3,i4,a\n", '"image", "path" of .* the image names; choose'),
        ("image,class,class\ni1,a,b\ni2,a,b\n", 'several columns "class" that differ'),
    ],
)
def test_what_is_unclear_is_refused(choose: Choose, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose(text)


@pytest.mark.parametrize("role", ["image", "label", "group", "split"])
def test_a_misspelt_column_is_refused_with_the_nearest(choose: Choose, role: str) -> None:
    with pytest.raises(InputError, match=rf'--{role}-column: .* Did you mean "imagery"\?'):
        choose("imagery,class\ni1,a\n", **{f"{role}_column": "imagry"})
    with pytest.raises(InputError, match=r"--keep-columns: .* has no column"):
        choose("image,class\ni1,a\n", keep_columns="plane")


def test_kept_keys_are_none_of_the_record() -> None:
    assert [kept_key(name) for name in ("Group", "fold", "device")] == [
        "Group_column",
        "fold_column",
        "device",
    ]
