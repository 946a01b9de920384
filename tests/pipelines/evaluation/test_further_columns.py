from pathlib import Path

import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.further_columns import with_columns
from tests.pipelines.evaluation.made_cases import LABELS, classified, outlined

TABLE = classified(6)
CASES = Cases("classification", LABELS, TABLE, True, True, False)
UNGROUPED = CASES._replace(table=TABLE.assign(group=TABLE["id"]), grouped=False)


def written(folder: Path, **columns: object) -> Path:
    """Writes a table of columns, its lines in another order than the cases."""
    table = pd.DataFrame({"id": TABLE["id"], **columns})[::-1]
    table.to_csv(folder / "columns.csv", index=False)
    return folder / "columns.csv"


def test_columns_are_joined_by_id_as_text(tmp_path: Path) -> None:
    found = with_columns(CASES, written(tmp_path, age=range(6)))
    assert found.table["age"].tolist() == list("012345") and found.grouped


def test_groups_come_from_there_where_the_cases_have_none(tmp_path: Path) -> None:
    path = written(tmp_path, group=list("aabbcc"))
    found = with_columns(UNGROUPED, path)
    assert found.grouped and found.table["group"].tolist() == list("aabbcc")
    with pytest.raises(InputError, match="column group, which the cases have with other values"):
        with_columns(CASES, path)
    with pytest.raises(InputError, match="group of 'i002' is ''; expected a name"):
        with_columns(UNGROUPED, written(tmp_path, group=["a", "a", "", "b", "c", "c"]))


def test_a_column_of_both_tables_must_say_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, **{"class": TABLE["class"], "p_benign": TABLE["p_benign"], "age": 4})
    assert with_columns(CASES, path).table.columns.tolist() == [*TABLE.columns, "age"]
    for column, value in (("class", "normal"), ("p_benign", 0.5)):
        with pytest.raises(InputError, match=f"has the column {column}, which the cases have with"):
            with_columns(CASES, written(tmp_path, **{column: value}))


def test_what_is_scored_does_not_come_from_there(tmp_path: Path) -> None:
    outlines = outlined(6).drop(columns="iou")
    cases = Cases("segmentation", (), outlines, True, True, False)
    with pytest.raises(InputError, match="has the column iou, from which scores are computed"):
        with_columns(cases, written(tmp_path, iou=0.5))
    assert "lesion_area" in with_columns(CASES, written(tmp_path, lesion_area=3)).table


def test_images_without_an_id_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the cases have no column id"):
        with_columns(CASES._replace(named=False), written(tmp_path, age=3))
    more = CASES._replace(table=classified(7))
    with pytest.raises(InputError, match="lacks 1 of the 7 images, such as 'i006'"):
        with_columns(more, written(tmp_path, age=3))
