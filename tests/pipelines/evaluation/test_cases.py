"""cases.csv: comes back as it went, and says where it is broken."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.evaluation.cases import (
    SEGMENTATION_COLUMNS,
    case_table,
    has_marks,
    is_leaky,
    read_cases,
    write_cases,
)
from pipelines.evaluation.segmentation import CaseCounts, case_row

COUNTS = CaseCounts(tp=1, fp=0, fn=2, tn=7, lesions=1, predicted_lesions=1, found_lesions=1)
NORMAL = CaseCounts(tp=0, fp=0, fn=0, tn=10, lesions=0, predicted_lesions=0, found_lesions=0)
ROWS = [
    case_row("b, 2", "NA", None, "", NORMAL),
    case_row("010", "7", 0, "malignant", COUNTS),
    case_row("é", "g", 1, "benign", COUNTS),
]


def test_comes_back_unchanged_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, ROWS)
    cases = read_cases(path)
    pd.testing.assert_frame_equal(cases, case_table(ROWS))
    assert cases["id"].tolist() == ["010", "b, 2", "é"]
    assert cases["group"].tolist() == ["7", "NA", "g"]
    assert cases["dice"][0] == 0.5
    assert cases["false_positive"].isna().tolist() == [True, False, True]


def test_bytes_depend_neither_on_order_nor_on_the_way(tmp_path: Path) -> None:
    write_cases(tmp_path / "a", ROWS)
    write_cases(tmp_path / "b", ROWS[::-1])
    write_cases(tmp_path / "c", read_cases(tmp_path / "a"))
    contents = {(tmp_path / name).read_bytes() for name in "abc"}
    assert len(contents) == 1
    lines = contents.pop().decode().split("\n")
    assert lines[0] == ",".join(SEGMENTATION_COLUMNS)
    assert lines[2] == '"b, 2",NA,,,,,,,0,0,0,0,0,10,0,0,0,0,,0'


@given(value=st.floats(0, 1))
def test_every_float_comes_back(value: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cases") / "cases.csv"
    write_cases(path, [{**ROWS[1], "dice": value}])
    assert read_cases(path)["dice"][0] == value


def test_a_spreadsheet_may_have_added_its_mark_and_columns_may_stand_in_any_order(
    tmp_path: Path,
) -> None:
    write_cases(tmp_path / "cases.csv", ROWS)
    table = pd.read_csv(tmp_path / "cases.csv", dtype=str, keep_default_na=False)
    table = table[table.columns[::-1]].assign(remark="mine")
    table.to_csv(tmp_path / "other.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    pd.testing.assert_frame_equal(read_cases(tmp_path / "other.csv"), case_table(ROWS))


def test_an_id_twice_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'010' stands twice"):
        write_cases(tmp_path / "cases.csv", [ROWS[1], ROWS[1]])
    assert not list(tmp_path.iterdir())


def test_the_mark_of_a_leaky_split_comes_back_and_may_be_absent(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, ROWS)
    assert not is_leaky(read_cases(path))
    write_cases(path, [ROWS[0], {**ROWS[1], "leaky": 1}])
    assert read_cases(path)["leaky"].tolist() == [1, 0] and is_leaky(read_cases(path))
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.drop(columns="leaky").to_csv(path, index=False)
    assert not is_leaky(read_cases(path))
    assert not is_leaky(pd.DataFrame({"id": ["a"]}))


def test_no_rows_make_a_typed_table() -> None:
    assert list(case_table([]).columns) == list(SEGMENTATION_COLUMNS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.5", "1.5", r"cases.csv, line 2: dice is '1.5'; expected a number from 0 to 1"),
        ("0.5", "nan", r"line 2: dice is 'nan'; expected a number from 0 to 1"),
        ("010,7", "010,", r"line 2: group is ''; expected a name"),
        (",10,0,0,0,0", ",ten,0,0,0,0", r"line 3: tn is 'ten'; expected a whole number"),
        (",10,0,0,0,0", ",10,0,0,0,2", r"line 3: false_positive is '2'; expected 0, 1 or nothing"),
        (",10,0,0,0,0,,0", ",10,0,0,0,0,,yes", r"line 3: leaky is 'yes'; expected 0 or 1"),
        (",10,0,0,0,0,,0", ",10", r"line 3: lesions is ''; expected a whole number"),
        (",found_lesions", "", r"lacks the column\(s\) found_lesions"),
        ("é,", "010,", r"line 4: id '010' stands on line 2 already"),
    ],
)
def test_broken_files_say_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, ROWS)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_cases(path)


def test_missing_and_empty_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_cases(tmp_path / "cases.csv")
    write_cases(tmp_path / "cases.csv", [])
    with pytest.raises(InputError, match="holds no cases"):
        read_cases(tmp_path / "cases.csv")
    (tmp_path / "cases.csv").write_text("")
    with pytest.raises(InputError, match="lacks the column"):
        read_cases(tmp_path / "cases.csv")


def test_bytes_that_are_not_utf8_are_said(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_bytes(b"id,\xff\n")
    with pytest.raises(InputError, match="not a UTF-8 table"):
        read_cases(tmp_path / "cases.csv")


def test_marks_are_told_by_flags() -> None:
    flags = ["", "colour", "caliper,text", "overlay", "context"]
    table = pd.DataFrame({"flags": flags})
    assert has_marks(table).tolist() == [False, False, True, True, False]
    assert has_marks(pd.DataFrame({"id": ["a"]})).tolist() == [False]
