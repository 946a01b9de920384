from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.commands.class_table import fold_counts, print_fold_table
from pipelines.datasets.dataset import Dataset


def made(folds: int = 3) -> Dataset:
    items = [
        {"class": name, "fold": number % folds, "group": f"g{number}", "site": number % 2}
        for number, name in enumerate(["all", "all", "[b]", "[b]", "[b]", "all"])
    ]
    testing = ({"class": "c", "group": "g9"},)
    return Dataset(Path("/d"), "n", "segmentation", {}, {}, "", "", 1, {}, tuple(items), testing)


def test_every_class_is_counted_in_every_fold_and_the_test_part() -> None:
    assert fold_counts(made()) == {
        "[b]": {"fold 0": 1, "fold 1": 1, "fold 2": 1, "test": 0, "all": 3},
        "all": {"fold 0": 1, "fold 1": 1, "fold 2": 1, "test": 0, "all": 3},
        "c": {"fold 0": 0, "fold 1": 0, "fold 2": 0, "test": 1, "all": 1},
    }


def test_another_column_is_counted_with_those_that_lack_it() -> None:
    assert {name: row["all"] for name, row in fold_counts(made(), "site").items()} == {
        "(none)": 1,
        "0": 3,
        "1": 3,
    }


def rows(text: str) -> list[list[str]]:
    """The cells of the printed table's rows."""
    return [
        [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
        for line in text.splitlines()
        if "│" in line or "┃" in line
    ]


def test_the_table_ends_with_the_sums(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    print_fold_table(made(), titles={"fold 1": "fold 1 (B)"})
    assert rows(capsys.readouterr().out) == [
        ["class", "fold 0", "fold 1 (B)", "fold 2", "test", "all"],
        ["[b]", "1", "1", "1", "0", "3"],
        ["all", "1", "1", "1", "0", "3"],
        ["c", "0", "0", "0", "1", "1"],
        ["all", "2", "2", "2", "1", "7"],
    ]


def test_many_folds_are_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    items = tuple({"class": "ab"[n % 2], "fold": n // 2, "group": f"g{n}"} for n in range(24))
    print_fold_table(Dataset(Path("/d"), "n", "segmentation", {}, {}, "", "", 1, {}, items))
    printed = rows(capsys.readouterr().out)
    assert printed[:2] == [["fold", "a", "b", "all"], ["fold 0", "1", "1", "2"]]
    assert len(printed) == 14 and printed[-1] == ["all", "12", "12", "24"]
