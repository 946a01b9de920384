from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training.run_comparison import Comparison, compare_runs, state_digest
from tests.pipelines.training.made_record import give_results


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    return folders


def compared(runs: tuple[Path, Path]) -> dict[str, Comparison]:
    return {each.name: each for each in compare_runs(*runs)}


def test_equal_runs_are_equal_though_time_and_place_differ(runs: tuple[Path, Path]) -> None:
    for folder in runs:
        give_results(folder)
    slower = (runs[1] / "history.csv").read_text().replace("2.5", "9.75")
    (runs[1] / "history.csv").write_text(slower)
    found = compared(runs)
    assert list(found) == ["model.pt", "history.csv", "cases.csv", "scores.json"]
    assert all(each.equal for each in found.values()), found


def test_differences_are_told_with_the_first(runs: tuple[Path, Path]) -> None:
    give_results(runs[0])
    give_results(runs[1], weight=1.5)
    assert [(each.equal, each.text) for each in compared(runs).values()] == [
        (False, "1 of 2 tensors differ, at most by 0.5 (a)"),
        (False, "1 of 2 rows differ, first at epoch 1: train_loss was 1.0, is 1.5"),
        (False, "1 of 2 rows differ, first at id x: dice was 1.0, is 1.5"),
        (False, "1 value differs, first scores.dice.value: was 1.0, is 1.5"),
    ]


def test_the_last_bit_counts(runs: tuple[Path, Path]) -> None:
    give_results(runs[0])
    give_results(runs[1], weight=float(torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))))
    assert not compared(runs)["model.pt"].equal


def test_what_is_missing_or_of_another_shape_is_told(runs: tuple[Path, Path]) -> None:
    for folder in runs:
        give_results(folder)
    (runs[1] / "model.pt").unlink()
    (runs[1] / "history.csv").write_text("epoch,train_loss\n1,1.0\n")
    (runs[1] / "cases.csv").write_text("id,iou\nx,1.0\n")
    (runs[0] / "candidates.csv").write_text("strength\n1.0\n")
    found = compared(runs)
    assert found["model.pt"].text == f"{runs[1] / 'model.pt'} missing"
    assert found["history.csv"].text == "2 rows, then 1"
    assert found["cases.csv"].text == "other columns: dice, iou"
    assert not found["candidates.csv"].equal


def test_another_network_is_told(runs: tuple[Path, Path]) -> None:
    for folder in runs:
        give_results(folder)
    torch.save({"a": torch.ones(9)}, runs[1] / "model.pt")
    assert compared(runs)["model.pt"].text == "weights of another network"


@pytest.mark.parametrize("name", ["model.pt", "scores.json"])
def test_damaged_files_are_named(name: str, runs: tuple[Path, Path]) -> None:
    for folder in runs:
        give_results(folder)
    (runs[1] / name).write_bytes(b"{")
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        compare_runs(*runs)


def test_the_digest_is_of_names_types_shapes_and_values() -> None:
    state = {"a": torch.ones(2, 3), "b": torch.tensor(True), "c": torch.ones(2).bfloat16()}
    found = state_digest(state)
    assert found == state_digest(dict(reversed(list(state.items()))))
    changes = (
        {"a": torch.ones(3, 2)},
        {"a": torch.ones(2, 3).double()},
        {"b": torch.tensor(False)},
        {"d": torch.ones(0)},
    )
    assert found not in {state_digest({**state, **change}) for change in changes}


def test_values_of_lists_are_named(runs: tuple[Path, Path]) -> None:
    for folder, value in zip(runs, (1, 2), strict=True):
        give_results(folder)
        (folder / "scores.json").write_text(json.dumps({"confusion": [[3, value]], "none": {}}))
    assert compared(runs)["scores.json"].text == (
        "1 value differs, first confusion.0.1: was 1, is 2"
    )
