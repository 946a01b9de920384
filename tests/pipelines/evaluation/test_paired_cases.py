import json
from pathlib import Path

import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.paired_cases import Model, paired, recorded_digest
from tests.pipelines.evaluation.made_cases import LABELS, classified, outlined


def model(table: pd.DataFrame, name: str = "A", digest: str | None = None, **other: bool) -> Model:
    flags = {"grouped": True, "named": True, "leaky": False, **other}
    task, labels = ("segmentation", ()) if "dice" in table else ("classification", LABELS)
    return Model(name, Cases(task, labels, table, **flags), digest)


def changed(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    table = table.copy()
    table.loc[row, column] = value
    return table


FIRST, SECOND = classified(), classified(seed=1)


def test_models_of_the_same_images_are_paired() -> None:
    models = [model(FIRST, "A", "d1"), model(SECOND, "B", "d1"), model(SECOND, "C")]
    assert [each.name for each in paired(models)] == ["A", "B", "C"]


def test_groups_of_one_stand_for_the_other() -> None:
    own = SECOND.assign(group=SECOND["id"])
    _, second = paired([model(FIRST), model(own, "B", grouped=False)])
    assert second.cases.grouped
    assert second.cases.table["group"].tolist() == FIRST["group"].tolist()


AREA = changed(outlined(), 3, "lesion_area", 99)
WRONG = [
    (model(SECOND[2:].reset_index(drop=True), "B"), "B lacks 2 image(s): i000, i001; expected the"),
    (model(changed(SECOND, 4, "id", "x"), "B"), "A lacks 1 image(s): x; B lacks 1 image(s): i004"),
    (model(changed(SECOND, 5, "class", "cyst"), "B"), "disagree on the true class of 1 image(s)"),
    (model(changed(SECOND, 5, "group", "z"), "B"), "disagree on the group of 1 image(s): i005"),
    (model(SECOND, "B", "d2"), "A is of the dataset d1 and B of d2"),
    (model(outlined(), "B"), "A is of a classification and B of a segmentation"),
    (model(SECOND, "B", named=False), "B has no column id"),
]


@pytest.mark.parametrize(("other", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_not_comparable_is_refused(other: Model, message: str) -> None:
    with pytest.raises(InputError) as error:
        paired([model(FIRST, "A", "d1"), other])
    assert message in str(error.value)


def test_lesions_must_be_the_same() -> None:
    with pytest.raises(InputError, match="true lesion area of 1 image"):
        paired([model(outlined()), model(AREA, "B")])
    bare = outlined().drop(columns="lesion_area")
    with pytest.raises(InputError, match="presence of a lesion of 1 image"):
        paired([model(bare), model(changed(bare, 0, "dice", 0.5), "B")])


def test_every_pair_is_checked_not_only_those_with_the_first() -> None:
    with pytest.raises(InputError, match="B is of the dataset d1 and C of d2"):
        paired([model(FIRST), model(SECOND, "B", "d1"), model(SECOND, "C", "d2")])
    bare = outlined().drop(columns=["class", "lesion_area"])
    with pytest.raises(InputError, match="B and C disagree on the true lesion area of 1 image"):
        paired([model(bare), model(outlined(), "B"), model(AREA, "C")])


def test_class_maps_must_hold_the_same_classes() -> None:
    table = pd.DataFrame({"id": ["a", "b"], "group": ["a", "b"]})
    table = table.assign(dice_nothing=[0.9, 0.9], dice_fat=[0.5, float("nan")])
    maps = Cases("segmentation", ("nothing", "fat"), table, True, True, False)
    other = maps._replace(table=table.assign(dice_fat=[0.5, 0.5]))
    with pytest.raises(InputError, match="presence of fat of 1 image"):
        paired([Model("A", maps, None), Model("B", other, None)])


def test_the_digest_is_that_of_the_scored_dataset(tmp_path: Path) -> None:
    assert recorded_digest(tmp_path) is None
    (tmp_path / "config.json").write_text(json.dumps({"dataset_digest": "own"}))
    (tmp_path / "scores.json").write_text("{}")
    assert recorded_digest(tmp_path) == "own"
    (tmp_path / "scores.json").write_text(json.dumps({"scored": {"dataset_digest": "site"}}))
    assert recorded_digest(tmp_path) == "site"
    (tmp_path / "scores.json").write_text("no json")
    assert recorded_digest(tmp_path) == "own"
