from pathlib import Path

import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.case_files import case_file, read_case_files, read_columns
from pipelines.evaluation.cases import write_cases
from pipelines.evaluation.class_maps import class_map_columns
from pipelines.evaluation.classification import classification_columns
from tests.pipelines.evaluation.made_cases import LABELS, classified, outlined
from tests.pipelines.evaluation.made_maps import LABELS as MAP_LABELS
from tests.pipelines.evaluation.made_maps import made_pairs, made_table


def written(folder: Path, name: str, table: pd.DataFrame) -> Path:
    table.to_csv(folder / name, index=False)
    return folder / name


def test_a_table_of_ours_is_read_from_a_file_or_its_folder(tmp_path: Path) -> None:
    write_cases(tmp_path / "cases.csv", classified(), classification_columns(LABELS))
    for path in (tmp_path, tmp_path / "cases.csv"):
        found = read_case_files([path])
        assert (found.task, found.labels) == ("classification", LABELS)
        assert found.grouped and found.named and not found.leaky
        assert found.table["p_benign"].tolist() == classified()["p_benign"].tolist()


def test_further_columns_are_kept_as_text(tmp_path: Path) -> None:
    table = outlined().assign(device="GE", age=40)
    found = read_case_files([written(tmp_path, "a.csv", table)])
    assert (found.task, found.labels) == ("segmentation", ())
    assert found.table["device"].tolist() == ["GE"] * 40 and found.table["age"][0] == "40"
    assert found.table["dice"].isna().sum() == 8 and found.table["lesion_area"].dtype == float


def test_a_plain_table_needs_truth_and_probabilities_only(tmp_path: Path) -> None:
    plain = classified()[["class", "p_benign", "p_malignant", "p_normal"]]
    found = read_case_files([written(tmp_path, "a.csv", plain)])
    assert not found.grouped and not found.named
    assert found.table["id"].nunique() == found.table["group"].nunique() == 60
    assert sorted(found.table["predicted"]) == sorted(classified()["predicted"])


def test_one_column_of_probabilities_says_the_other_class(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,class,p_ill\na,ill,0.75\nb,well,0.5\nc,well,0.25\n")
    found = read_case_files([tmp_path / "a.csv"])
    assert found.labels == ("well", "ill") and found.table["p_well"].tolist() == [0.25, 0.5, 0.75]
    assert found.table["predicted"].tolist() == ["ill", "well", "well"]


def test_predictions_without_probabilities_are_enough(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,class,predicted\na,ill,well\nb,well,well\n")
    assert read_case_files([tmp_path / "a.csv"]).labels == ("ill", "well")


def test_files_are_pooled_and_sorted(tmp_path: Path) -> None:
    table = classified().assign(leaky=0)
    late = written(tmp_path, "late.csv", table[30:].assign(leaky=1))
    early = written(tmp_path, "early.csv", table[:30])
    found = read_case_files([late, early])
    assert found.table["id"].tolist() == table["id"].tolist() and found.leaky


def test_an_image_in_two_files_is_refused_with_both_names(tmp_path: Path) -> None:
    a = written(tmp_path, "a.csv", classified()[:9])
    b = written(tmp_path, "b.csv", classified()[8:])
    with pytest.raises(InputError, match=r"a\.csv and .*b\.csv both hold the id\(s\) 'i008'; "):
        read_case_files([a, b])


GOOD = "id,class,predicted,p_ill,p_well\n"
WRONG = {
    "a,b\n1,2\n": "has the columns a, b; expected class with predicted or p_<class>",
    GOOD: "holds no cases",
    "": "is not a UTF-8 table with commas",
    "id,id\n1,2\n": "holds the column 'id' twice",
    GOOD + "x,ill,ill,1.5,0\n": "line 2: p_ill is '1.5'; expected a number from 0 to 1",
    GOOD + "x,ill,ill,,0\n": "line 2: p_ill is ''; expected a number from 0 to 1",
    GOOD + "x,ill,ill,1,0\ny,sick,ill,1,0\n": "line 3: class is 'sick'; expected one of ill, well",
    GOOD + "x,ill,bad,1,0\n": "line 2: predicted is 'bad'; expected one of ill, well",
    GOOD + "x,ill,ill,1,0\nx,ill,ill,1,0\n": "id 'x' stands twice",
    "id,seed,class,predicted\nx,0,a,a\nx,3,a,b\n": "holds 2 seeds (0, 3). Give the runs of one of",
    GOOD + ",ill,ill,1,0\n": "line 2: id is ''; expected a name",
    "class,p_ill\nill,0.5\n": "has p_ill alone; expected one other class in its cells, found none",
    "id,dice\nx,1.2\n": "line 2: dice is '1.2'; expected a number from 0 to 1, or nothing",
    "id,dice,lesions\nx,,2\n": "line 2: dice is ''; expected a number: the image has a lesion",
    "id,dice,lesions\nx,0.5,1.5\n": "lesions is '1.5'; expected a whole number of at least 0",
    "id,tp\nx,4\n": "too few columns for any score",
    "id,class,p_m\n1,m,0.9\n2,b,0,9\n": "line 3: 4 cells; expected 3, as in the header. A decimal",
    "id,dice,lesions\nx,0.5\n": "line 2: 2 cells; expected 3",
    GOOD + "x,ill,ill,0.9,0.9\n": "line 2: p_ill + p_well is '1.8'; expected a sum of 1",
    GOOD + '"x\ny",ill,ill,1,0\n\nz,sick,ill,1,0\n': "line 5: class is 'sick'",
    "id,found_lesions,lesions\nx,5,2\n": "line 2: found_lesions is '5'; expected at most lesions, "
    "which is 2",
    "id,found_lesions,predicted_lesions\nx,1,1\ny,3,1\n": "line 3: found_lesions is '3'; expected",
    "id,dice,tp,lesion_area\nx,1,9,8\n": "tp is '9'; expected at most lesion_area, which is 8",
    "id,dice,lesions\nx,0.5,\n": "line 2: lesions is ''; expected a whole number: it tells",
    "id,lesions,false_positive\nx,0,\n": "false_positive is ''; expected 0 or 1: the image has no",
    "id,dice,false_positive\nx,1,0\n": "false_positive is '0'; expected nothing in an image with a",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_cannot_be_used_is_said(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError) as error:
        read_case_files([tmp_path / "a.csv"])
    assert message in str(error.value) and "a.csv" in str(error.value)


def test_probabilities_may_be_rounded(tmp_path: Path) -> None:
    text = "id,class,p_a,p_b,p_c\nx,a,0.33,0.33,0.33\ny,b,0.34,0.34,0.34\n"
    (tmp_path / "a.csv").write_text(text)
    assert len(read_case_files([tmp_path / "a.csv"]).table) == 2


def test_files_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    a = written(tmp_path, "a.csv", classified())
    b = written(tmp_path, "b.csv", outlined())
    with pytest.raises(InputError, match=r"b\.csv is of a segmentation and .*a\.csv of a classif"):
        read_case_files([a, b])
    c = written(tmp_path, "c.csv", classified().drop(columns="group"))
    with pytest.raises(InputError, match=r"a\.csv has the column group and .*c\.csv has not"):
        read_case_files([a, c])


def test_a_place_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no cases\.csv"):
        case_file(tmp_path)
    with pytest.raises(InputError, match="is no file"):
        case_file(tmp_path / "none.csv")


def test_further_columns_are_joined_by_id(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,age\nb,4\na,3\n")
    assert read_columns(tmp_path / "c.csv").loc["a", "age"] == "3"
    for text, message in (("x\n1\n", "lacks the column id"), ("id\n1\n1\n", "'1' stands twice")):
        (tmp_path / "c.csv").write_text(text)
        with pytest.raises(InputError, match=message):
            read_columns(tmp_path / "c.csv")


def test_a_table_of_class_maps_names_its_classes(tmp_path: Path) -> None:
    table = made_table(made_pairs())
    write_cases(tmp_path / "cases.csv", table, class_map_columns(MAP_LABELS))
    found = read_case_files([tmp_path])
    assert (found.task, found.labels) == ("segmentation", MAP_LABELS)
    for name in ("dice", "surface_dice_necrosis", "pixels_stroma_as_necrosis"):
        pd.testing.assert_series_equal(found.table[name], table[name].astype(float))


def test_a_few_columns_of_class_maps_are_enough(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,dice_nothing,dice_fat\na,0.9,\nb,1,0.5\n")
    found = read_case_files([tmp_path / "a.csv"])
    assert (found.task, found.labels) == ("segmentation", ("nothing", "fat"))
    assert found.table["dice_fat"].isna().tolist() == [True, False]


def test_class_maps_of_other_classes_are_not_pooled(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,dice_nothing,dice_fat\na,0.9,0.1\n")
    (tmp_path / "b.csv").write_text("id,dice_nothing,dice_skin\nb,0.9,0.1\n")
    with pytest.raises(
        InputError, match=r"b.csv has the classes nothing, skin and .* nothing, fat"
    ):
        read_case_files([tmp_path / "a.csv", tmp_path / "b.csv"])
    (tmp_path / "a.csv").write_text("id,dice_nothing,dice_fat\na,0.9,1.1\n")
    with pytest.raises(InputError, match=r"line 2: dice_fat is '1.1'; expected a number"):
        read_case_files([tmp_path / "a.csv"])
