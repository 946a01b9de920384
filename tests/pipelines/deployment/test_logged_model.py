"""What of a run's folder goes into a model, and what is said of it."""

from __future__ import annotations

import io
import json
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from pipelines.deployment.logged_model import copy_bundle, example, requirements, signature
from pipelines.errors import InputError


def made_run(folder: Path, **inference: object) -> Path:
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "inference.json").write_text(json.dumps(inference))
    for name in ("model.pt", "config.json", "checkpoint.pt", "cases.csv"):
        (folder / name).write_text(name)
    (folder / "predictions").mkdir()
    return folder


def test_only_what_answers_is_copied(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    copy_bundle(run, tmp_path / "one")
    assert {p.name for p in (tmp_path / "one").iterdir()} == {"model.pt", "config.json", "configs"}
    (run / "operating_point.json").write_text("{}")
    copy_bundle(run, tmp_path / "two")
    assert (tmp_path / "two" / "operating_point.json").is_file()
    (run / "model.pt").unlink()
    with pytest.raises(InputError, match=r"has no model\.pt"):
        copy_bundle(run, tmp_path / "three")


def test_the_signature_is_of_files_and_classes_or_masks(tmp_path: Path) -> None:
    classes = signature(made_run(tmp_path / "a", activation="softmax", labels=["one", "two"]))
    assert classes.inputs.input_names() == ["image"]
    assert classes.outputs.input_names() == ["predicted", "p_one", "p_two"]
    maps = signature(made_run(tmp_path / "b", labels=["background", "stroma"]))
    assert maps.outputs.input_names() == ["mask"]
    assert str(maps.inputs.input_types()[0]) == "DataType.binary"


def test_the_example_is_a_made_ramp() -> None:
    (content,) = example()["image"]
    with Image.open(io.BytesIO(content)) as picture:
        row = list(picture.convert("L").tobytes()[: picture.width])
    assert row == sorted(row) and row[0] == 0 and row[-1] == 255


def test_the_libraries_are_pinned_without_the_build() -> None:
    found = requirements()
    assert f"torch=={version('torch').partition('+')[0]}" in found
    assert not [text for text in found if "+" in text or "pytest" in text]
