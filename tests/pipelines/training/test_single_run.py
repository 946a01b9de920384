from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.crossval.record import FILE as CROSSVAL
from pipelines.errors import InputError
from pipelines.search.results import RECORD as SEARCH
from pipelines.training.single_run import SERIES, check_run_folder, check_run_tags


def test_a_run_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    check_run_folder(tmp_path)
    check_run_tags("0", {"crossval": "of another meaning", "trial": "3"})


def test_the_records_are_those_of_the_series() -> None:
    assert [f"{kind}.json" for kind in SERIES] == [CROSSVAL, SEARCH]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("crossval", "a cross-validation; name one of its runs"),
        ("search", r"a search; train with its best_variant\.json, and name that run"),
    ],
)
def test_a_series_is_named_with_what_to_name_instead(
    kind: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / f"{kind}.json").write_text("{}")
    (tmp_path / "config.json").write_text("{}")  # of whatever
    with pytest.raises(InputError, match=f"is the folder of {message}"):
        check_run_folder(tmp_path)
    with pytest.raises(InputError, match=f"MLflow run 0 is of {message}"):
        check_run_tags("0", {kind: "parent"})


def test_another_folder_holds_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no run \(config\.json is missing\)"):
        check_run_folder(tmp_path)
