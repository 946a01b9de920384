from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from pipelines.datasets.layouts.classes import match_classes
from pipelines.datasets.layouts.columns import Columns
from pipelines.datasets.layouts.labelled_rows import LabelledRows
from pipelines.datasets.layouts.lookup import Lookup
from pipelines.datasets.layouts.pseudonym import pseudonym
from pipelines.datasets.layouts.sample import Request
from pipelines.datasets.table import read_table

Make = Callable[..., LabelledRows]
HEADER = "image,class,patient,split,plane\n"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def read(text: str, keep_groups: bool = False, classes: tuple[str, ...] = ()) -> LabelledRows:
        (tmp_path / "t.csv").write_text(HEADER + text)
        table = read_table(tmp_path / "t.csv")
        columns = Columns("image", "class", "patient", "split", {"plane": "plane"}, {})
        request = Request("classification", classes)
        found = match_classes(map(columns.label_of, table.rows), request, "t")
        lookup = Lookup(PurePosixPath(f"{stem}.png") for stem in "abcdefgh")
        return LabelledRows(table, columns, found, lookup, keep_groups)

    return read


def test_a_row_becomes_an_entry(make: Make) -> None:
    rows = make("a,benign,7.0,train,axial\nb,malignant,,val,\n")
    first, second = rows.entries()
    assert (first.line, str(first.file), first.category, first.part) == (
        2, "a.png", "benign", "train",
    )  # fmt: skip
    assert first.group == pseudonym("7") and first.columns == {"plane": "axial"}
    assert (second.group, second.part, second.columns) == (None, "validation", {})
    assert rows.problems == []


def test_patients_may_be_kept_as_they_stand(make: Make) -> None:
    (entry,) = make("a,benign,Doe,train,axial\n", keep_groups=True).entries()
    assert entry.group == "Doe" and entry.columns == {"plane": "axial", "patient": "Doe"}


def test_what_is_wrong_is_collected_with_its_line(make: Make) -> None:
    rows = make(
        "a,benign,1,train,x\nnone,benign,1,train,x\n../b,,1,one,x\nb,,1,train,x\nc,benign,1,one,x\n"
        "d,benign,1,train,x,y\n"
    )
    assert [str(entry.file) for entry in rows.entries()] == ["a.png"]
    assert [problem.source for problem in rows.problems] == [
        f"t.csv#{line}" for line in range(3, 8)
    ]
    assert [problem.line for problem in rows.problems] == [
        't.csv, line 3, names the image "none", which is missing; add the image, or take the row '
        "out",
        't.csv, line 4, names the image "../b", a path that may lead out of the raw folder; '
        'expected one without ".."; it has no label; fill it in; it has "one" in column "split"; '
        "expected a part: train, val, valid, validation, test",
        't.csv, line 5 ("b"), has no label; fill it in',
        't.csv, line 6 ("c"), has "one" in column "split"; expected a part: train, val, valid, '
        "validation, test",
        't.csv, line 7: 6 values for 5 columns; put a value that holds the separator in quotation '
        'marks (")',
    ]  # fmt: skip


def test_rows_of_one_image_must_agree(make: Make) -> None:
    rows = make(
        "a,benign,1,train,x\na.png,benign,1,train,x\nb,benign,1,val,x\nb,malignant,1,val,x\n"
        "c,benign,1,val,x\nc,benign,2,test,x\n"
    )
    assert [str(entry.file) for entry in rows.entries()] == ["a.png"]
    assert rows.warnings[0] == 't.csv, lines 2, 3, say the same of the image "a.png"'
    assert [problem.line for problem in rows.problems] == [
        't.csv, lines 4, 5, give the image "b.png" different classes (benign, malignant); keep the '
        "row that is right",
        f't.csv, lines 6, 7, give the image "c.png" different patients ({names(1, 2)}) and parts '
        "(test, validation); keep the row that is right",
    ]
    assert [problem.source for problem in rows.problems] == ["b.png", "c.png"]


def names(*patients: int) -> str:
    return ", ".join(sorted(pseudonym(str(patient)) for patient in patients))


def test_what_is_odd_is_counted(make: Make) -> None:
    rows = make("a,x,,train,\nb,y,1,train,\n", classes=("x", "z"))
    rows.entries()
    assert rows.warnings == [
        '6 images have no row in t.csv: "c.png", "d.png", "e.png", "f.png", "g.png" and 1 more',
        'no image has the class "z"',
        '1 image has no patient in column "patient": "a.png"; only near-duplicates group them',
    ]
    assert len(rows.problems) == 1
