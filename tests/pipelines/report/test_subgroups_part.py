from __future__ import annotations

import pytest

from pipelines.errors import InputError
from pipelines.report.sources import Sources
from pipelines.report.subgroups_part import subgroups_part


def test_the_columns_of_the_data_and_the_marks_make_subgroups(classes: Sources) -> None:
    found = {group["column"]: group for group in subgroups_part(classes)}
    assert list(found) == ["flags", "device"]
    device = found["device"]
    assert device["title"] == "Device"
    assert [(part["name"], part["images"]) for part in device["parts"]] == [("A", 3), ("B", 3)]
    assert device["parts"][0]["scores"][0]["score"] == "accuracy"


def test_lesions_are_divided_by_their_class(lesions: Sources) -> None:
    columns = [group["column"] for group in subgroups_part(lesions)]
    assert columns == ["class", "flags", "device"]


def test_a_column_can_be_asked_for(folds: Sources) -> None:
    found = subgroups_part(folds, ["fold"])
    assert [part["images"] for part in found[-1]["parts"]] == [6, 6, 6]
    with pytest.raises(InputError, match="there is no such column"):
        subgroups_part(folds, ["age"])
