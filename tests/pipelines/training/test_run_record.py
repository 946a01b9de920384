from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
import torch

from pipelines import __version__
from pipelines.datasets.dataset import digest, read
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.code_digest import code_files, digest_of
from pipelines.training.run_record import read_items, read_record, record_tags, write_resume
from tests.pipelines.training.made_record import recorded_run


def test_data_code_weights_and_machine_are_recorded(
    busi_dataset: Path, class_dataset: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "w.pth"
    weights.write_bytes(b"weights")
    given = {"weights": str(weights), "masks_dir": str(class_dataset), "network": {"file": None}}
    folder = recorded_run(tmp_path / "run", busi_dataset, **given)
    record, items = read_record(folder), read_items(folder)
    assert record["datasets"] == {
        "dataset_dir": {"path": str(busi_dataset), "digest": digest(read(busi_dataset))},
        "masks_dir": {"path": str(class_dataset), "digest": digest(read(class_dataset))},
    }
    assert record["files"] == {"weights": {"path": str(weights), "sha256": sha256_of(weights)}}
    assert record["code"]["digest"] == digest_of(code_files())
    assert record["libraries"]["torch"] == torch.__version__
    assert record["machine"]["threads"] == torch.get_num_threads()
    assert (record["med2d"], record["processes"], record["resumed"]) == (__version__, 1, [])
    assert items["dataset_dir"]["training"] == list(read(busi_dataset).items)
    assert shlex.split(record["command"]) == sys.orig_argv


def test_the_tags_for_mlflow_are_texts(busi_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"weights")
    config = {"weights": str(tmp_path / "w.pth")}
    tags = record_tags(recorded_run(tmp_path / "run", busi_dataset, **config))
    assert all(isinstance(value, str) and "::" not in name for name, value in tags.items())
    assert tags["sha256.weights"] == sha256_of(tmp_path / "w.pth")
    assert tags["code"] == digest_of(code_files())
    assert tags["version.numpy"] and tags["threads"] and tags["cpu"]
    assert record_tags(tmp_path) == {}


def test_a_resume_is_added(busi_dataset: Path, tmp_path: Path) -> None:
    folder = recorded_run(tmp_path / "run", busi_dataset)
    before = read_record(folder)
    write_resume(folder)
    after = read_record(folder)
    (resumed,) = after.pop("resumed")
    before.pop("resumed")
    assert after == before
    assert resumed["code"] == before["code"]["digest"]
    assert resumed["machine"] == before["machine"]


def test_a_run_of_an_older_version_stays_without_a_record(tmp_path: Path) -> None:
    write_resume(tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"has no record\.json: it was started by an older med2d"):
        read_record(tmp_path)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text("{")
    with pytest.raises(InputError, match=r"record\.json cannot be read"):
        read_record(tmp_path)


def test_the_record_is_plain_json(busi_dataset: Path, tmp_path: Path) -> None:
    folder = recorded_run(tmp_path / "run", busi_dataset)
    text = (folder / "record.json").read_text(encoding="utf-8")
    assert json.loads(text)["format"] == 1 and text.endswith("}\n")
