from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.exports import EXPORTS
from tests.pipelines.commands.command_line import make, run

LEFT = {
    "nnunet": (
        "Dataset507_busi-phantom/splits_final.json",
        "Dataset507_busi-phantom/labelsTr/benign_0001.png",
    ),
    "auto3dseg": ("datalist.json", "labels/benign_0001.nii.gz"),
    "npz": ("dataset.npz",),
    "yolo": ("data.yaml",),
}


@pytest.mark.parametrize("to", EXPORTS)
def test_a_dataset_is_exported(to: str, busi_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "my export"
    words = ("export", busi_dataset, out, "--to", to, "--size", 32, "--number", 507, "--workers", 1)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"written to {out}\n"
    assert all((out / name).is_file() for name in LEFT[to])
    refused = run(*words)
    assert refused.exit_code == 2 and "replace it with --overwrite" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert run(*words, "--overwrite").exit_code == 0


def test_a_fold_that_is_not_there_is_refused(busi_dataset: Path, tmp_path: Path) -> None:
    result = run("export", busi_dataset, tmp_path / "out", "--to", "yolo", "--fold", 5)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert "fold 5" in result.stderr and not any(tmp_path.iterdir())


def test_what_cannot_be_exported_is_one_line(busi_dataset: Path, tmp_path: Path) -> None:
    make("npy", tmp_path / "raw")
    classes = tmp_path / "classes"
    convert_words = ("convert", "npy-arrays", tmp_path / "raw", classes, "--folds", 3)
    assert run(*convert_words, "--workers", 1).exit_code == 0
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.txt").write_text("mine")
    cases = [
        ((classes, tmp_path / "out", "nnunet"), "is a classification dataset; nnunet takes segmen"),
        ((classes, tmp_path / "out", "auto3dseg"), "auto3dseg takes segmentation only"),
        ((tmp_path / "raw", tmp_path / "out", "npz"), "has no dataset.json"),
        ((busi_dataset, mine, "npz"), "is not empty"),
        ((busi_dataset, busi_dataset, "npz"), "lie in one another"),
    ]
    for (dataset, out, to), expected in cases:
        for further in ([], ["--overwrite"]):
            result = run("export", dataset, out, "--to", to, *further)
            assert result.exit_code == 2 and result.stdout == ""
            assert result.stderr.startswith("Error: ") and expected in result.stderr
            assert len(result.stderr.splitlines()) == 1
    assert (mine / "a.txt").read_text() == "mine" and not (tmp_path / "out").exists()
