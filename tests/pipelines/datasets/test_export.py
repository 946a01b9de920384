from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from monai.auto3dseg import datafold_read

from pipelines.datasets import export as module
from pipelines.datasets.export import RECORD, export
from pipelines.datasets.exports import EXPORTS
from pipelines.errors import InputError


def quiet(line: str) -> None:
    """Takes the lines for a person."""


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def as_classification(folder: Path, out: Path) -> Path:
    """Copies a segmentation dataset as one of its classes."""
    record = json.loads((folder / "dataset.json").read_text())
    names = sorted({item["class"] for item in record["training"]})
    record |= {"task": "classification", "labels": {str(i): n for i, n in enumerate(names)}}
    for item in record["training"]:
        item["label"] = names.index(item["class"])
        del item["label_sha256"]
    (out / "images").mkdir(parents=True)
    for path in (folder / "images").iterdir():
        (out / "images" / path.name).write_bytes(path.read_bytes())
    (out / "dataset.json").write_text(json.dumps(record))
    return out


@pytest.mark.parametrize("to", list(EXPORTS))
def test_a_converted_dataset_is_exported_alike_by_any_number_of_workers(
    busi_dataset: Path, tmp_path: Path, to: str
) -> None:
    before = content(busi_dataset)
    for workers in (1, 2):
        out = export(busi_dataset, tmp_path / str(workers), to, workers=workers, say=quiet)
        assert out == tmp_path / str(workers)
    assert content(tmp_path / "1") == content(tmp_path / "2")
    assert content(busi_dataset) == before
    record = json.loads((out / RECORD).read_text())
    assert record["to"] == to and len(record["digest"]) == 64
    assert record["dataset"] == "busi-phantom"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


@pytest.mark.parametrize("to", list(EXPORTS))
def test_a_leaky_split_is_told_and_carried_on(
    leaky_dataset: Path, busi_dataset: Path, tmp_path: Path, to: str
) -> None:
    carriers = {
        "nnunet": lambda out: json.loads(next(out.glob("Dataset*/dataset.json")).read_text()),
        "auto3dseg": lambda out: json.loads((out / "datalist.json").read_text()),
        "npz": lambda out: dict(np.load(out / "dataset.npz")),
        "yolo": lambda out: yaml.safe_load((out / "data.yaml").read_text()),
    }
    for dataset, leaky in ((leaky_dataset, True), (busi_dataset, False)):
        said: list[str] = []
        out = export(dataset, tmp_path / str(leaky), to, size=32, workers=1, say=said.append)
        for content in (json.loads((out / RECORD).read_text()), carriers[to](out)):
            assert bool(content.get("leaky", False)) is leaky
        assert any(line.startswith("warning: leaky split") for line in said) is leaky


def test_every_format_is_a_module_that_writes() -> None:
    for name, each in EXPORTS.items():
        assert each.name == name and each.tasks and each.tree.startswith("OUT/")
        assert callable(importlib.import_module(each.module).write)


def test_a_dataset_comes_back_whole_from_auto3dseg_and_npz(
    busi_dataset: Path, tmp_path: Path
) -> None:
    export(busi_dataset, tmp_path / "auto", "auto3dseg", workers=1, say=quiet)
    export(busi_dataset, tmp_path / "npz", "npz", size=96, workers=1, say=quiet)
    datalist = str(tmp_path / "auto" / "datalist.json")
    training, validating = datafold_read(datalist, str(tmp_path / "auto"), fold=2)
    data = np.load(tmp_path / "npz" / "dataset.npz")
    assert len(training) + len(validating) == len(data["images"])
    assert len(validating) == (data["folds"] == 2).sum()
    assert (data["masks"].any(axis=(1, 2)) == (data["classes"][data["labels"]] != "normal")).all()


def test_a_classification_goes_to_npz_and_yolo_only(busi_dataset: Path, tmp_path: Path) -> None:
    dataset = as_classification(busi_dataset, tmp_path / "dataset")
    for to in ("npz", "yolo"):
        export(dataset, tmp_path / to, to, workers=1, say=quiet)
    for to in ("nnunet", "auto3dseg"):
        with pytest.raises(InputError, match=f"{to} takes segmentation only.*npz or yolo"):
            export(dataset, tmp_path / to, to, say=quiet)
    assert not (tmp_path / "nnunet").exists()


def test_an_unknown_format_and_a_missing_dataset_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no format coco; expected one of nnunet, auto3dseg"):
        export(tmp_path, tmp_path / "out", "coco")
    with pytest.raises(InputError, match=r"has no dataset\.json"):
        export(tmp_path, tmp_path / "out", "npz")
    with pytest.raises(InputError, match="does not exist"):
        export(tmp_path / "absent", tmp_path / "out", "npz")


def test_only_an_export_of_the_same_format_is_replaced(busi_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(busi_dataset, out, "yolo", workers=1, say=quiet)
    with pytest.raises(InputError, match="an export to yolo already; replace it with --overwrite"):
        export(busi_dataset, out, "yolo", say=quiet)
    with pytest.raises(InputError, match="is not empty and was exported to yolo, so it is not"):
        export(busi_dataset, out, "npz", overwrite=True, say=quiet)
    export(busi_dataset, out, "yolo", fold=1, overwrite=True, workers=1, say=quiet)
    (out / RECORD).write_text("[]")
    with pytest.raises(InputError, match="was exported to None"):
        export(busi_dataset, out, "yolo", overwrite=True, say=quiet)
    (out / RECORD).unlink()
    with pytest.raises(InputError, match="was not made by med2d export"):
        export(busi_dataset, out, "yolo", overwrite=True, say=quiet)


def test_folders_in_one_another_are_refused(busi_dataset: Path) -> None:
    for out in (busi_dataset, busi_dataset / "npz", busi_dataset.parent):
        with pytest.raises(InputError, match="lie in one another"):
            export(busi_dataset, out, "npz", overwrite=True, say=quiet)


@pytest.mark.parametrize("to", list(EXPORTS))
def test_a_damaged_mask_is_named_and_nothing_is_left(
    busi_dataset: Path, tmp_path: Path, to: str
) -> None:
    dataset = tmp_path / "dataset"
    for name, data in content(busi_dataset).items():
        (dataset / name).parent.mkdir(parents=True, exist_ok=True)
        (dataset / name).write_bytes(data)
    (dataset / "masks" / "benign_0002.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(InputError, match=r"benign_0002\.png is truncated or damaged"):
        export(dataset, tmp_path / "out", to, workers=2, say=quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_ctrl_c_leaves_nothing(
    busi_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_record", stop)
    with pytest.raises(KeyboardInterrupt):
        export(busi_dataset, tmp_path / "out", "npz", workers=1, say=quiet)
    assert not any(tmp_path.iterdir())
