from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.layouts.find_table import find_table
from pipelines.datasets.layouts.walk import walk
from pipelines.errors import InputError


def lay(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(raw: Path, given: str | None = None) -> Path:
    return find_table(walk(raw, "csv-labels"), given, "csv-labels")


def test_the_only_table_is_taken(tmp_path: Path) -> None:
    lay(tmp_path, "a/x.png", "data/Labels.CSV")
    assert found(tmp_path) == tmp_path / "data" / "Labels.CSV"


def test_of_several_one_must_be_named(tmp_path: Path) -> None:
    lay(tmp_path, "x.png", *(f"t{number}.csv" for number in range(7)))
    with pytest.raises(InputError, match=r"several tables: t0.csv, .*t4.csv and 2 more; choose"):
        found(tmp_path)
    assert found(tmp_path, "t3.csv") == tmp_path / "t3.csv"
    with pytest.raises(InputError, match=r'no such file, neither here nor .* mean "t0.csv"\?'):
        found(tmp_path, "tt0.csv")


def test_a_table_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = lay(tmp_path / "raw", "x.png")
    lay(tmp_path / "here", "t.csv")
    assert found(raw, str(tmp_path / "here" / "t.csv")) == tmp_path / "here" / "t.csv"
    monkeypatch.chdir(tmp_path / "here")
    assert found(raw, "t.csv").resolve() == tmp_path / "here" / "t.csv"
    lay(raw, "t.csv")
    with pytest.raises(InputError, match=r"--csv t.csv is both .*; give the whole path"):
        found(raw, "t.csv")


def test_without_a_table_the_folder_is_described(tmp_path: Path) -> None:
    lay(tmp_path, "a/x.png", "b/x.png")
    with pytest.raises(
        InputError, match=r"looks like the class-folders layout .*, not the csv-lab"
    ):
        found(tmp_path)
    lay(tmp_path, "labels.xlsx")
    with pytest.raises(InputError, match=r"labels.xlsx is a workbook; save its sheet as CSV"):
        found(tmp_path)
