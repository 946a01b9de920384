"""The images of a run's training part are looked at, and no others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.datasets.dataset import digest, parts, read
from pipelines.deployment import training_images
from pipelines.deployment.training_images import fit_to_run
from pipelines.errors import InputError


def made_run(folder: Path, dataset: Path, fold: int) -> Path:
    folder.mkdir(parents=True)
    told = {"path": str(dataset), "digest": digest(read(dataset))}
    (folder / "record.json").write_text(json.dumps({"datasets": {"dataset_dir": told}}))
    (folder / "config.json").write_text(json.dumps({"fold": fold}))
    return folder


def made_ensemble(folder: Path, dataset: Path, folds: Sequence[int]) -> Path:
    runs = [made_run(folder / f"fold{fold}-seed0", dataset, fold) for fold in folds]
    ensemble = folder / "ensemble"
    (ensemble / "configs").mkdir(parents=True)
    content = {"ensemble": [{"run": run.name} for run in runs]}
    (ensemble / "configs" / "metadata.json").write_text(json.dumps(content))
    return ensemble


def test_of_an_ensemble_all_images_that_trained_any_run(busi_dataset: Path, tmp_path: Path) -> None:
    assert fit_to_run(made_ensemble(tmp_path, busi_dataset, range(5)))["images"] == 30
    two = made_ensemble(tmp_path / "two", busi_dataset, [0, 1])
    dataset = read(busi_dataset)
    trained = {item["image"] for fold in (0, 1) for item in parts(dataset, fold)[0]}
    assert fit_to_run(two)["images"] == len(trained) < 30


def test_of_a_run_its_own_part(
    busi_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_run(tmp_path / "run", busi_dataset, 2)
    with pytest.raises(InputError, match="18 training images do not tell"):
        fit_to_run(run)
    seen: list[str] = []
    monkeypatch.setattr(training_images, "fit", lambda pictures: {"images": len(list(pictures))})
    monkeypatch.setattr(training_images, "read_pixels", lambda path, name: seen.append(name))
    monkeypatch.setattr(training_images, "MOST", 6)
    assert fit_to_run(run) == {"images": 6}
    trained = [item["image"] for item in parts(read(busi_dataset), 2)[0]]
    assert seen == trained[::3]


def test_the_dataset_may_have_moved_but_not_changed(busi_dataset: Path, tmp_path: Path) -> None:
    moved, run = tmp_path / "moved", made_ensemble(tmp_path / "runs", busi_dataset, [0, 2])
    shutil.copytree(busi_dataset, moved)
    assert fit_to_run(run, moved)["images"] > 20
    content = json.loads((moved / "dataset.json").read_text())
    content["training"].pop()
    (moved / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="moved is not the dataset that trained, or it has chan"):
        fit_to_run(run, moved)


def test_a_run_without_a_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"fold": 0}')
    with pytest.raises(
        InputError, match=r"does not record its dataset \(record\.json is missing\)"
    ):
        fit_to_run(tmp_path)


def test_what_records_no_training_is_refused(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "metadata.json").write_text("{}")
    with pytest.raises(InputError, match="records no training"):
        fit_to_run(tmp_path)
    (tmp_path / "configs" / "metadata.json").write_text('{"ensemble": [{"run": "gone"}]}')
    with pytest.raises(InputError, match="records no training"):
        fit_to_run(tmp_path)
