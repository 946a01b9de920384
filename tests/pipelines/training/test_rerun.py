"""A rerun's settings and refusals; whole reruns are run in tests/bundles/test_repeatability.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError
from pipelines.training import rerun
from pipelines.training.code_digest import code_files, digest_of
from pipelines.training.record_check import Finding
from pipelines.training.rerun import (
    check_repeatable,
    check_target,
    overrides,
    tracked_id,
    train_again,
    write_result,
)
from pipelines.training.run_comparison import Comparison
from tests.pipelines.training.made_record import give_results

FIT = {"batch_size": 4, "precision": "float32", "memory_layout": "contiguous"}
RECORD: dict[str, Any] = {
    "processes": 1,
    "command": "torchrun …",
    "machine": {"device": "cpu", "threads": 1, "blas_threads": 1},
    "code": {"digest": "that of the run"},
    "med2d": "0.0.9",
    "commit": "abc",
    "machine_fit": {**FIT, "effective_batch": 8, "device": "cpu"},
}


def test_what_was_probed_is_given(tmp_path: Path) -> None:
    places = {"dataset_dir": tmp_path, "network::file": tmp_path / "w.pth"}
    moved = {"dataset_dir": str(tmp_path), "network::file": str(tmp_path / "w.pth")}
    assert overrides(RECORD, places, {}) == {**moved, "device": "cpu", **FIT}
    assert overrides({**RECORD, "machine_fit": None}, {}, {}) == {"device": "cpu"}


@pytest.mark.parametrize("asked", [True, "true", "best", False])
def test_the_model_is_not_registered_a_second_time(asked: object, tmp_path: Path) -> None:
    assert overrides(RECORD, {}, {"register": asked})["register"] is False


def test_a_run_that_did_not_end_is_not_repeated(tmp_path: Path) -> None:
    check_repeatable(give_results(tmp_path), RECORD)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "scores.json").unlink()
    with pytest.raises(InputError, match=r"has no scores\.json: it did not end"):
        check_repeatable(tmp_path, RECORD)


def test_a_trial_of_a_search_is_named_as_what_it_is(tmp_path: Path) -> None:
    give_results(tmp_path)
    for name in ("cases.csv", "scores.json"):
        (tmp_path / name).unlink()
    handlers = [{"_target_": "…", "handler": "@scorer", "_disabled_": True}]
    (tmp_path / "config.json").write_text(json.dumps({"train": {"handlers": handlers}}))
    with pytest.raises(InputError, match="is a trial of a search, which scores none"):
        check_repeatable(tmp_path, RECORD)


def test_several_processes_are_not_started(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"trained by 2 processes together.*: torchrun …"):
        check_repeatable(give_results(tmp_path), {**RECORD, "processes": 2})


def test_a_rerun_destroys_nothing(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    check_target(run, out, False)
    check_target(run, out, True)
    with pytest.raises(InputError, match="is the run itself"):
        check_target(run, tmp_path / "out" / ".." / "run", True)
    out.mkdir()
    check_target(run, out, False)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty; go on with the rerun in it by --resume"):
        check_target(run, out, False)
    with pytest.raises(InputError, match="holds other files and no run"):
        check_target(run, out, True)


def test_what_can_be_mended_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    (tmp_path / "config.json").write_text('{"register": true}')

    def stop(**options: Any) -> None:
        given.update(options)
        try:
            raise InputError("precision is wrong")
        except InputError as error:
            raise RuntimeError("in a component") from error

    monkeypatch.setattr(rerun, "run", stop)
    with pytest.raises(InputError, match=r"^precision is wrong$"):
        train_again(tmp_path, RECORD, {}, tmp_path / "out", resume=True)
    assert given["config_file"] == [str(tmp_path / "config.json")]
    assert (given["resume"], given["overwrite"]) == (True, False)
    assert given["output_dir"] == str(tmp_path / "out")
    assert given["register"] is False


def test_another_error_passes_unless_the_code_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerun, "run", lambda **_: 1 / 0)
    (tmp_path / "config.json").write_text("{}")
    now = {**RECORD, "code": {"digest": digest_of(code_files())}}
    with pytest.raises(ZeroDivisionError):
        train_again(tmp_path, now, {}, tmp_path / "out")
    older = {**RECORD, "code": {"digest": "another"}}
    with pytest.raises(
        InputError, match=r"division.*the run is of med2d 0\.0\.9 at commit abc: inst"
    ):
        train_again(tmp_path, older, {}, tmp_path / "out")


@pytest.mark.parametrize("equal", [True, False])
def test_the_result_says_what_was_checked_and_allowed(equal: bool, tmp_path: Path) -> None:
    findings = [Finding("weights", "another file", False, refuses=True)]
    results = [Comparison("model.pt", equal, "…"), Comparison("cases.csv", True, "2 rows")]
    content = write_result(tmp_path, "runs/a", findings, results)
    assert content == json.loads((tmp_path / "rerun.json").read_text(encoding="utf-8"))
    assert (content["equal"], content["with_differences"]) == (equal, True)
    assert content["of"] == "runs/a"
    assert [each["name"] for each in content["results"]] == ["model.pt", "cases.csv"]
    assert not write_result(tmp_path, "a", [], results)["with_differences"]


def test_a_tracked_run_is_named_by_its_id(tmp_path: Path) -> None:
    assert tracked_id(tmp_path, "runs/a") == "runs/a"
    (tmp_path / "mlflow.json").write_text('{"run_id": "0123", "tracking_uri": "sqlite:///x"}')
    assert tracked_id(tmp_path, "runs/a") == "0123"
