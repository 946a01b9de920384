from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.datasets import table as module
from pipelines.datasets.table import Table, nearest, read_table
from pipelines.errors import InputError

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(content: str | bytes) -> Path:
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def values(table: Table) -> list[list[str]]:
    return [[row.values[name] for name in table.columns] for row in table.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_and_spaces_go(write: Write, separator: str) -> None:
    lines = [f" image {separator}Train ", f"a.png{separator} 1", f'"x{separator}y" {separator}0 ']
    table = read_table(write("\r\n".join(lines) + "\r\n"))
    assert table.columns == ("image", "Train")
    assert values(table) == [["a.png", "1"], [f"x{separator}y", "0"]]
    assert [row.line for row in table.rows] == [2, 3]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("name;size, cm;class\na;1,5;b\nc;2,5;d\n", ("name", "size, cm", "class")),
        ("name\ta,b;c\nx,y,z\t1\n", ("name", "a,b;c")),
        ("one column\na\nb\n", ("one column",)),
        ("sep=;\nimage;class\na;b", ("image", "class")),
        ("image,class,,\na,b,,\n", ("image", "class")),
        (",image\n0,a\n", ("column 1", "image")),
        ('"  image\u00a0\n name ";b\na;b', ("image name", "b")),
    ],
)
def test_odd_headers(write: Write, text: str, columns: tuple[str, ...]) -> None:
    assert read_table(write(text)).columns == columns


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found(write: Write, encoding: str) -> None:
    table = read_table(write("image,Größe\nläsion é.png,3\n".encode(encoding)))
    assert table.columns == ("image", "Größe")
    assert values(table) == [["läsion é.png", "3"]]


def test_lines_are_counted_over_blank_and_long_ones(write: Write) -> None:
    table = read_table(write('a,b\n\n , \n"two\nlines",1\nlast,2'))
    assert [(row.line, row.values["a"]) for row in table.rows] == [(4, "two\nlines"), (6, "last")]


def test_rows_that_are_too_short_are_filled_and_too_long_ones_named(write: Write) -> None:
    table = read_table(write("a,b\n1\n1,2,\n1,2,3\n"))
    assert values(table) == [["1", ""], ["1", "2"]]
    assert table.damaged == (
        (
            4,
            't.csv, line 4: 3 values for 2 columns; put a value that holds the separator in '
            'quotation marks (")',
        ),
    )  # fmt: skip


def test_columns_are_found_by_name(write: Write) -> None:
    table = read_table(write("Image_name;Plane;Train ;x;x;y;y\na;b;1;1;1;1;2\n"))
    assert table.column("Train ", "--split-column") == "Train"
    assert table.column("image name", "--image-column") == "Image_name"
    assert table.column("x", "--label-column") == "x"
    assert table.rows[0].values["y"] == "1"
    with pytest.raises(InputError, match='several columns "y" that differ; rename all but one'):
        table.column("y", "--label-column")
    with pytest.raises(InputError) as caught:
        table.column("Plan", "--label-column")
    assert str(caught.value) == (
        f'--label-column: {table.path} has no column "Plan"; it has "Image_name", "Plane", '
        '"Train", "x", "y". Did you mean "Plane"?'
    )


def test_many_columns_are_counted(write: Write) -> None:
    table = read_table(write(",".join(f"c{number}" for number in range(15)) + "\n"))
    assert table.listed().endswith('"c11" and 3 more') and table.rows == ()


def test_nearest() -> None:
    assert nearest("benin", ("Benign", "malignant")) == "Benign"
    assert nearest("xyz", ("benign",)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected a header line"),
        (b"\n \n", "is empty; expected a header line"),
        (b"PK\x03\x04....", "is an Excel workbook or a zip archive, whatever its name says"),
        (b"a,b\n\0\0\0\x01,2\n", "is no text; expected a table"),
        (b'a,b\n1,2\n3,"4\n5,6\n', r"\(\"\) is opened on line 3 or below and never closed"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", r"line 2 cannot be read as a row of a table \(field"),
    ],
)
def test_what_is_no_table(write: Write, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(write(content))


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is a folder; expected a table"):
        read_table(tmp_path)
    with pytest.raises(InputError, match=r"the table .*none\.csv does not exist"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / ("x" * 300))
    (tmp_path / "t.csv").write_text("a,b\n")
    monkeypatch.setattr(module, "MOST_BYTES", 2)
    with pytest.raises(InputError, match="is larger than"):
        read_table(tmp_path / "t.csv")


CELLS = st.text(
    st.one_of(
        st.characters(exclude_categories=("C", "Z")), st.sampled_from(' \n\r,;\t|"')
    ),
    max_size=8,
)  # fmt: skip
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
)


@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_written_is_read(rows: list[list[str]], separator: str, encoding: str) -> None:
    names = [f"n{index}" for index in range(len(rows[0]) if rows else 2)]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    table = read_bytes(file.getvalue().encode(encoding))
    stripped = [[value.strip() for value in row] for row in rows]
    assert values(table) == [row for row in stripped if any(row)]
    assert table.damaged == ()


def read_bytes(content: bytes) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        return read_table(path)


@settings(max_examples=300)
@example(b'"')
@example(b'sep=;\n"a;b')
@example(b"\xff\xfea")
@given(st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode)))
def test_broken_files_end_in_an_input_error_or_a_table(content: bytes) -> None:
    try:
        table = read_bytes(content)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert all(set(row.values) == set(table.columns) for row in table.rows)
