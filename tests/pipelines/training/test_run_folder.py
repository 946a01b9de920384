"""A run's folder is written to only where that destroys nothing and mixes nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import digest, read
from pipelines.errors import InputError
from pipelines.training import run_folder
from pipelines.training.run_folder import flag, recorded, setting
from tests.pipelines.training.made_record import recorded_weights

Prepare = Callable[..., Path]

CONFIG = {
    "_meta_": {},
    "epochs": 3,
    "learning_rate": 0.1,
    "num_workers": 1,
    "image_size": 64,
    "network_def": {
        "_target_": "torch.nn.Conv2d",
        "in_channels": 1,
        "out_channels": 1,
        "kernel_size": 3,
    },
    "double": "$2 * @image_size",
    "size": (2, 3),
}


@pytest.fixture
def prepare(
    busi_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Prepares the folder ``run`` for the configuration above with changes."""

    def call(resume: Any = False, overwrite: Any = False, **changes: Any) -> Path:
        monkeypatch.setattr(run_folder, "running_config", lambda: {**CONFIG, **changes})
        root = bundle_root("breast_us_segmentation")
        return run_folder.prepare(tmp_path / "run", resume, overwrite, busi_dataset, root)

    return call


def test_the_configuration_and_the_dataset_are_recorded(
    prepare: Prepare, busi_dataset: Path
) -> None:
    folder = prepare()
    record = recorded(folder)
    assert record["dataset_digest"] == digest(read(busi_dataset))
    assert "_meta_" not in record
    assert record["network_def"] == CONFIG["network_def"]
    assert setting(folder, "double") == 128
    assert setting(folder, "network_def").in_channels == 1


def test_a_leaky_split_is_recorded(
    prepare: Prepare, leaky_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "leaky" not in recorded(prepare())
    monkeypatch.setattr(run_folder, "running_config", lambda: CONFIG)
    root = bundle_root("breast_us_segmentation")
    folder = run_folder.prepare(tmp_path / "leaky", False, False, leaky_dataset, root)
    assert recorded(folder)["leaky"] is True
    run_folder.prepare(folder, True, False, leaky_dataset, root)


def test_a_folder_with_a_run_is_refused(prepare: Prepare) -> None:
    before = (prepare() / "config.json").read_bytes()
    with pytest.raises(InputError, match=r"already holds a run.*--resume true.*--overwrite true"):
        prepare(epochs=9)
    assert (prepare(resume=True) / "config.json").read_bytes() == before


def test_a_folder_is_checked_without_a_touch(prepare: Prepare, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run_folder.check_output_dir(folder, False, "false")
    assert not folder.exists()
    (prepare() / "model.pt").write_text("kept")
    for resume, overwrite in (("true", False), (False, True)):
        run_folder.check_output_dir(folder, resume, overwrite)
    with pytest.raises(InputError, match="already holds a run"):
        run_folder.check_output_dir(folder, False, False)
    assert (folder / "model.pt").read_text() == "kept"


def test_an_empty_folder_is_taken(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert (prepare() / "config.json").is_file()


def test_resume_without_a_run_starts_one(prepare: Prepare) -> None:
    assert (prepare(resume="true") / "config.json").is_file()


def test_overwrite_removes_the_whole_run(prepare: Prepare) -> None:
    (prepare() / "model.pt").write_text("old")
    folder = prepare(overwrite="true", learning_rate=0.5)
    assert not (folder / "model.pt").exists()
    assert recorded(folder)["learning_rate"] == 0.5


def test_where_both_are_asked_for_nothing_is_removed(prepare: Prepare) -> None:
    (prepare() / "model.pt").write_text("old")
    assert (prepare(resume=True, overwrite=True) / "model.pt").exists()


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thesis.txt", "years of work"),
        ("config.json", '{"model_type": "of another program"}'),
        ("config.json", "[1, 2]"),
        ("config.json", "no JSON"),
    ],
)
def test_a_folder_without_a_run_is_never_touched(
    name: str, text: str, resume: bool, overwrite: bool, prepare: Prepare, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_text(text)
    with pytest.raises(InputError, match="holds other files and no run"):
        prepare(resume=resume, overwrite=overwrite)
    assert [p.name for p in (tmp_path / "run").iterdir()] == [name]
    assert (tmp_path / "run" / name).read_text() == text


def test_a_file_in_the_way_is_refused(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(InputError, match="is a file; expected a folder"):
        prepare(overwrite=True)
    assert (tmp_path / "run").read_text() == "a file"


def test_a_folder_below_a_file_cannot_be_written(
    prepare: Prepare, tmp_path: Path, busi_dataset: Path
) -> None:
    prepare()  # sets the configuration
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        run_folder.prepare(tmp_path / "file" / "run", False, False, busi_dataset, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_overwrite_through_a_link_says_why_not(prepare: Prepare, tmp_path: Path) -> None:
    prepare().rename(tmp_path / "elsewhere")
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="symbolic link"):
        prepare(overwrite=True)
    assert recorded(tmp_path / "elsewhere")


def test_a_folder_that_is_no_dataset_is_refused_before_anything_is_made(
    prepare: Prepare, tmp_path: Path
) -> None:
    prepare()
    with pytest.raises(InputError, match=r"dataset\.json"):
        run_folder.prepare(tmp_path / "new", False, False, tmp_path, tmp_path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("key", "value"), [("learning_rate", 0.2), ("seed", 1), ("network_def", {"_target_": "UNet"})]
)
def test_resume_with_another_recipe_is_refused(key: str, value: Any, prepare: Prepare) -> None:
    prepare()
    with pytest.raises(InputError, match=f"started with another {key}"):
        prepare(resume=True, **{key: value})
    assert recorded(prepare(resume=True)).get(key) == CONFIG.get(key)


def test_resume_by_another_number_of_processes_is_refused(prepare: Prepare) -> None:
    path = prepare() / "record.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "processes": 2}))
    with pytest.raises(InputError, match=r"is trained by 2 processes and cannot go on with 1 pro"):
        prepare(resume=True)


def test_resume_may_change_what_changes_no_result(prepare: Prepare) -> None:
    prepare()
    changes = {"num_workers": 4, "epochs": 9, "device": "cpu"}
    assert recorded(prepare(resume=True, **changes))["epochs"] == 9


@pytest.mark.parametrize("value", [True, 1, "true", "True", " yes ", "1"])
def test_words_for_yes(value: Any) -> None:
    assert flag(value, "resume") is True


@pytest.mark.parametrize("value", [False, 0, "false", "No", "0"])
def test_words_for_no(value: Any) -> None:
    assert flag(value, "resume") is False


@pytest.mark.parametrize("value", ["maybe", None, "", 2, "ture"])
def test_other_words_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match=r"resume is .*; expected true or false"):
        flag(value, "resume")


def test_a_folder_without_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        recorded(tmp_path / "gone")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json cannot be read"):
        recorded(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(InputError, match="has no threshold"):
        setting(tmp_path, "threshold")


def test_weights_that_have_seen_the_scored_fold_are_refused_before_anything_is_removed(
    prepare: Prepare, busi_dataset: Path, tmp_path: Path
) -> None:
    model = recorded_weights(tmp_path / "before", busi_dataset, fold=0)
    (prepare() / "model.pt").write_text("kept")
    with pytest.raises(InputError, match=r"was trained on or chosen by 6 .* of the 6 images of fo"):
        prepare(overwrite=True, fold=2, weights=str(model))
    assert (tmp_path / "run" / "model.pt").read_text() == "kept"
    assert recorded(prepare(overwrite=True, fold=0, weights=str(model)))["weights"] == str(model)


class Workflow:
    """Stands for a workflow that is running."""

    def __init__(self) -> None:
        self.parser: dict[str, Any] = {}


def test_a_workflow_that_begins_twice_takes_its_own_folder_until_it_has_trained(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Workflow(), Workflow()
    monkeypatch.setattr(run_folder, "running_workflow", lambda: one)
    prepare()
    folder = prepare(epochs=1)
    assert recorded(folder)["epochs"] == 1
    assert recorded(prepare(resume=True))["epochs"] == 3
    monkeypatch.setattr(run_folder, "running_workflow", lambda: other)
    with pytest.raises(InputError, match="already holds a run"):
        prepare()
    monkeypatch.setattr(run_folder, "running_workflow", lambda: one)
    (folder / "checkpoint.pt").write_text("trained")
    with pytest.raises(InputError, match="already holds a run"):
        prepare()


def test_a_device_is_recorded_by_its_name(prepare: Prepare) -> None:
    assert recorded(prepare(device=torch.device("cpu")))["device"] == "cpu"
