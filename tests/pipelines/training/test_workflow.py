"""Overrides that nothing would read are refused; errors that a person can mend are one line."""

import errno
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import create_workflow

from pipelines.bundles import bundle_root as shipped_root
from pipelines.errors import InputError
from pipelines.training import workflow
from pipelines.training.workflow import check_id, readable_cause, running_config
from transforms.picture import PictureError

CONFIG: dict[str, Any] = {
    "epochs": 3,
    "weights": None,
    "schedule": {},
    "network_def": {"_target_": "UNet", "spatial_dims": 2, "channels": [16, 32]},
    "optimizer": {"_target_": "torch.optim.Adam", "lr": "@learning_rate"},
    "loss": {"_target_": "unknown.module.Loss", "weight": 1},
    "free": {"_target_": "builtins.dict", "a": 1},
    "classifier": {
        "_target_": "networks.transfer_classifier.TransferClassifier",
        "head": {"pooling": "average"},
        "options": {"width_mult": 1.0},
    },
    "train": {"handlers": [{"_target_": "ValidationHandler", "interval": 1}], "plain": {"a": 1}},
}

KNOWN = [
    "epochs",
    "train::plain::a",
    "train#plain#a",
    "+train::plain",
    "train::handlers::0",
    "train::handlers::0::interval",
    "train#handlers#0#epoch_level",
    "optimizer::betas",
    "optimizer::_disabled_",
    "network_def::dropout",
    "network_def::channels::1",
    "loss::anything",
    "free::anything",
    *(f"classifier::head::{name}" for name in ("pooling", "dense", "batch_norm", "dropout")),
    "classifier::options::anything",
]


@pytest.mark.parametrize("name", KNOWN)
def test_an_id_that_something_reads_passes(name: str) -> None:
    check_id(CONFIG, name)


UNKNOWN = {
    "epoch": r"--epoch: there is no epoch in the configuration; did you mean epochs\?",
    "trian::plain::a": r"no trian in .* did you mean train\?",
    "train::plian::a": r"no plian below train .* did you mean plain\?",
    "train#plian#a": r"--train#plian#a: there is no plian below train ",
    "train::plain::zzz": "no zzz below train::plain .* expected one of a",
    "+trainn": r"did you mean train\?",
    "optimizer::beta": r"no beta below optimizer .* did you mean betas\?",
    "network_def::dropuot": r"did you mean dropout\?",
    "network_def::channels::2": "no 2 below network_def::channels .* expected one of 0, 1",
    "train::handlers::99": "no 99 below train::handlers",
    "train::handlers::-1": "no -1 below train::handlers",
    "train::handlers::first": "no first below train::handlers",
    "train::handlers::99::interval": "no 99 below train::handlers",
    "train::handlers::0::intervall": r"did you mean interval\?",
    "epochs::0": "no 0 below epochs .* nothing stands below it: give it whole, as --epochs VALUE",
    "schedule::5": "no 5 below schedule .* nothing stands below it",
    "weights::path": "no path below weights .* give it whole, as --weights VALUE",
    "classifier::head::dens": r"no dens below classifier::head .* did you mean dense\?",
    "classifier::head::num_classes": "expected one of batch_norm, dense, dropout, pooling",
    "qqqqqq": "expected one of classifier, epochs, free, loss",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_id_that_nothing_reads_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=UNKNOWN[name]):
        check_id(CONFIG, name)


@pytest.mark.parametrize("config", ["train.json", "inference.json"])
def test_every_top_level_name_of_a_bundle_is_known(config: str) -> None:
    path = shipped_root("breast_us_segmentation") / "configs" / config
    content = json.loads(path.read_text(encoding="utf-8"))
    for name in content:
        check_id(content, name)


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back what the workflow sets
    path = tmp_path / "copied" / "configs" / "train.json"
    path.parent.mkdir(parents=True)
    content = {
        "imports": ["$import pipelines.training.workflow as workflow"],
        "epochs": 3,
        "nested": {"a": 1},
        "root": "$workflow.bundle_root('breast_us_segmentation')",
        "seen": "$workflow.running_config()",
        "initialize": ["$workflow.check_overrides()", "$@seen", "$@root"],
        "run": ["$@epochs"],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def start(config_file: Any, **overrides: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return create_workflow(config_file=config_file, workflow_type="train", **overrides)


def test_a_bundle_run_takes_known_overrides(config_file: Path) -> None:
    made = start(str(config_file), **{"epochs": 7, "nested::a": 2})
    assert made.run() == [7]
    seen = made.parser.get_parsed_content("seen")
    assert (seen["epochs"], seen["nested"]) == (7, {"a": 2})


def test_the_word_null_is_nothing(config_file: Path) -> None:
    made = start(str(config_file), **{"epochs": "null", "nested::a": "Null"})
    assert made.run() == [None]
    seen = made.parser.get_parsed_content("seen")
    assert (seen["epochs"], seen["nested"]) == (None, {"a": None})


def test_a_bundle_run_stops_at_a_misspelt_override(config_file: Path) -> None:
    with pytest.raises(Exception) as caught:
        start(str(config_file), epoch=7)
    cause = readable_cause(caught.value)
    assert isinstance(cause, InputError)
    assert str(cause).endswith("did you mean epochs?")


def test_the_arguments_of_a_new_component_are_known(config_file: Path) -> None:
    content = json.loads(config_file.read_text())
    content["optimizer"] = {"_target_": "torch.optim.Adam", "lr": 0.1}
    config_file.write_text(json.dumps(content))
    sgd = {"optimizer::momentum": 0.9, "optimizer::_target_": "torch.optim.SGD"}
    start(str(config_file), **sgd)
    start(str(config_file), **{"optimizer": {"_target_": "torch.optim.SGD"}, **sgd})
    for wrong, given in (("momentum", {}), ("betass", sgd)):
        with pytest.raises(Exception) as caught:
            start(str(config_file), **{**given, f"optimizer::{wrong}": 0.9})
        assert f"there is no {wrong} below optimizer" in str(readable_cause(caught.value))


def test_a_folder_that_is_read_as_a_number_is_refused(config_file: Path) -> None:
    with pytest.raises(Exception) as caught:
        start(str(config_file), output_dir=2024)
    assert "--output_dir was read as 2024" in str(readable_cause(caught.value))


def test_the_names_of_an_args_file_are_checked_too(config_file: Path, tmp_path: Path) -> None:
    arguments = tmp_path / "args.json"
    arguments.write_text(json.dumps({"config_file": [str(config_file)], "epochs": 9}))
    assert start(None, args_file=str(arguments)).run() == [9]
    arguments.write_text(json.dumps({"config_file": str(config_file), "epochz": 9}))
    with pytest.raises(Exception) as caught:
        start(None, args_file=str(arguments))
    assert "--epochz" in str(readable_cause(caught.value))


def test_a_later_file_adds_known_names(config_file: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.json"
    later.write_text(json.dumps({"extra": 1}))
    start([str(config_file), str(later)], extra=2)


def test_a_copied_bundle_is_its_own_root(config_file: Path) -> None:
    made = start(str(config_file))
    assert made.parser.get_parsed_content("root") == str(config_file.parent.parent)


def test_outside_a_run_nothing_is_checked_and_the_shipped_root_counts() -> None:
    assert workflow.given_overrides() == ([], {})
    assert workflow.running_workflow() is None
    name = "breast_us_segmentation"
    assert workflow.bundle_root(name) == str(shipped_root(name))
    with pytest.raises(RuntimeError, match="no bundle workflow is running"):
        running_config()


def raised(depth: int, innermost: Exception, explicit: bool = True) -> Exception:
    """An error with ``depth`` others around it."""
    error: Exception = innermost
    for number in range(depth):
        try:
            try:
                raise error
            except Exception as inner:
                if explicit:
                    raise RuntimeError(f"around {number}") from inner
                raise RuntimeError(f"around {number}")  # noqa: B904
        except RuntimeError as outer:
            error = outer
    return error


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("depth", [0, 1, 4])
@pytest.mark.parametrize("kind", [InputError, PictureError])
def test_the_readable_cause_is_found_through_a_chain(
    kind: type[Exception], depth: int, explicit: bool
) -> None:
    innermost = kind("mend this")
    assert readable_cause(raised(depth, innermost, explicit)) is innermost


def test_another_error_has_no_readable_cause() -> None:
    assert readable_cause(raised(3, KeyError("a"))) is None
    assert readable_cause(None) is None
    try:
        try:
            raise InputError("dealt with")
        except InputError:
            raise ZeroDivisionError from None
    except ZeroDivisionError as error:
        assert readable_cause(error) is None


def test_the_hook_prints_one_line_or_passes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    passed: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: passed.append(error))
    workflow.show_readable_errors()
    workflow.show_readable_errors()
    error = raised(2, InputError("no such folder"))
    sys.excepthook(type(error), error, error.__traceback__)
    assert capsys.readouterr().err == "Error: no such folder\n"
    other = KeyError("bug")
    sys.excepthook(KeyError, other, None)
    assert passed == [other]


def test_a_termination_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: print("traceback"))
    workflow.show_readable_errors()
    error = raised(1, RuntimeError("DataLoader worker (pid 7) is killed by signal: Terminated. "))
    sys.excepthook(type(error), error, None)
    assert capsys.readouterr().err == "Stopped by SIGTERM; a training goes on with --resume true\n"


def test_a_lack_of_memory_is_readable() -> None:
    error = raised(2, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"))
    cause = readable_cause(error)
    assert isinstance(cause, InputError)
    assert "CUDA out of memory. Tried to allocate 9 GiB); give a smaller batch_size" in str(cause)


def test_torchrun_is_told_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: None)
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    workflow.show_readable_errors()
    sys.excepthook(InputError, InputError("no such folder"), None)
    report = json.loads((tmp_path / "error.json").read_text())["message"]
    assert report["message"] == report["extraInfo"]["py_callstack"] == "Error: no such folder"


def test_the_message_of_a_worker_process_is_found_in_its_traceback() -> None:
    class Broken(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> int:
            raise RuntimeError("applying a transform") from PictureError("x.png is truncated")

    with pytest.raises(RuntimeError) as caught:
        next(iter(torch.utils.data.DataLoader(Broken(), num_workers=1)))
    assert str(readable_cause(caught.value)) == "x.png is truncated"


def test_a_full_disk_is_one_line_and_a_bug_is_not() -> None:
    full = readable_cause(OSError(errno.ENOSPC, "No space left on device", "runs/model.pt"))
    assert "runs/model.pt cannot be written (No space left on device)" in str(full)
    assert readable_cause(OSError(errno.EINVAL, "Invalid argument", "x")) is None
