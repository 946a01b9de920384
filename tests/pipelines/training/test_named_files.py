from pathlib import Path

import pytest

from pipelines.training.named_files import named_datasets, named_files


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_files_are_found_wherever_they_are_named(tmp_path: Path) -> None:
    for name in ("w.pth", "table.csv"):
        (tmp_path / name).write_text(name)
    config = {
        "weights": "w.pth",
        "loss": {"_target_": "Loss", "args": [1, {"table": str(tmp_path / "table.csv")}]},
        "name": "no_file",
        "expression": "$open('w.pth')",
        "reference": "@weights",
        "epochs": 3,
        "text": "x" * 5000,
        "odd": "\0",
        "empty": "",
    }
    assert named_files(config) == {
        "weights": tmp_path / "w.pth",
        "loss::args::1::table": tmp_path / "table.csv",
    }


def test_what_a_run_does_not_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    assert named_files({"output_dir": "run", "run": ["run"], "initialize": ["run"]}) == {}


def test_a_folder_counts_where_it_is_a_dataset(tmp_path: Path) -> None:
    for name in ("masks", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "masks" / "dataset.json").write_text("{}")
    config = {"masks_dir": "masks", "other_dir": "other", "none": None}
    assert named_datasets(config) == {"masks_dir": tmp_path / "masks"}
    assert named_files(config) == {}
