from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from pipelines.crossval.folder_lock import alone_in
from pipelines.crossval.plan import Member
from pipelines.crossval.run import answer_command, cross_validate, fold_images
from pipelines.errors import InputError
from tests.pipelines.crossval.conftest import MakePlan
from tests.pipelines.crossval.made_training import Trainings, begun_with


def starts(member: Member) -> list[str]:
    return (member.folder / "starts").read_text().splitlines()


def test_every_fold_and_seed_is_trained_once_and_pooled(
    make: MakePlan, trainings: Trainings
) -> None:
    plan = make(seeds="2")
    result = cross_validate(plan)
    names = ["fold0-seed0", "fold1-seed0", "fold0-seed1", "fold1-seed1"]
    assert trainings.started == names and not result.failed
    assert result.scores == json.loads((plan.folder / "scores.json").read_text())
    assert set(result.scores["by_seed"]) == {"0", "1"} and result.scores["folds"] == [0, 1]
    assert result.scores["fold"] == "pooled of 0, 1" and result.scores["leaky"] is False
    assert "near-duplicate" in result.scores["grouping"]
    assert len(pd.read_csv(plan.folder / "cases.csv")) == 2 * len(
        fold_images(plan.dataset, plan.folds)
    )
    assert result.record["finished"] and result.record["runs"][0]["epoch"] == 1
    again = cross_validate(plan)
    assert trainings.started == names and again.scores == result.scores


def test_more_folds_are_added_to_those_that_have_ended(
    make: MakePlan, trainings: Trainings
) -> None:
    cross_validate(make())
    plan = make(folds="0,1,2")
    result = cross_validate(plan)
    assert trainings.started == ["fold0-seed0", "fold1-seed0", "fold2-seed0"]
    assert result.scores is not None
    assert result.scores["by_seed"]["0"]["images"] == len(fold_images(plan.dataset, plan.folds))


def test_what_was_pooled_of_all_is_not_replaced_by_fewer(
    make: MakePlan, trainings: Trainings
) -> None:
    plan = make(seeds="2")
    cross_validate(plan)
    before = {path: path.read_bytes() for path in plan.folder.glob("*.*")}
    with pytest.raises(InputError, match="fold1-seed0, fold1-seed1 they would be replaced"):
        cross_validate(make(folds="0,", seeds="2"))
    assert {path: path.read_bytes() for path in plan.folder.glob("*.*")} == before
    apart = make(folds="0,", folder=plan.folder.with_name("apart"))
    apart.folder.mkdir()
    plan.members[0].folder.rename(apart.members[0].folder)
    count = len(trainings.started)
    assert cross_validate(apart).scores is not None and len(trainings.started) == count


def test_runs_of_several_codes_are_told_and_recorded(
    make: MakePlan, trainings: Trainings, caplog: pytest.LogCaptureFixture
) -> None:
    first = cross_validate(make()).record
    assert first["code"] == [] and not caplog.messages
    place = make().members[0].folder / "record.json"
    place.write_text(json.dumps(begun_with("a" * 64)))
    record = cross_validate(make(folds="0,1,2")).record
    assert [code["runs"] for code in record["code"]] == [["fold0-seed0"]]
    (told,) = caplog.messages
    assert "fold0-seed0 of med2d 0.0.1 (code aaaaaaaaaaaa); fold2-seed0 of med2d" in told


def test_two_at_a_time_share_the_threads(
    make: MakePlan, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    plan = make(folds="0,1,2")
    trainings.how = dict.fromkeys((member.name for member in plan.members), "slow")
    started = time.monotonic()
    result = cross_validate(plan, jobs=2)
    assert result.scores and [starts(each) for each in plan.members] == [["False 2"]] * 3
    assert time.monotonic() - started > 1.0  # the third waited for one of the others


def test_a_failed_one_stops_no_other_and_nothing_is_pooled(
    make: MakePlan, trainings: Trainings
) -> None:
    cross_validate(make())
    plan = make(folds="0,1,2,3")
    trainings.how["fold2-seed0"] = "fail"
    result = cross_validate(plan)
    (failed,) = result.failed
    assert (failed.training.name, failed.error) == ("fold2-seed0", "Error: there is no room")
    assert result.scores is None and not result.record["finished"]
    assert not (plan.folder / "scores.json").exists()  # nor that of fewer folds
    states = [run["state"] for run in result.record["runs"]]
    assert states == ["finished", "finished", "stopped", "finished"]
    trainings.how.clear()
    assert cross_validate(plan).scores is not None
    assert (
        starts(plan.members[2]) == ["False ", "True "] or starts(plan.members[2])[1][:4] == "True"
    )
    assert len(starts(plan.members[3])) == 1


def interrupt_when(path: Path) -> threading.Thread:
    """Presses Ctrl-C, so to speak, once a file exists."""

    def wait() -> None:
        while not path.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_what_was_stopped_half_way_goes_on(make: MakePlan, trainings: Trainings) -> None:
    plan = make(folds="0,1,2")
    trainings.how["fold1-seed0"] = "hang"
    interrupt_when(plan.members[1].folder / "starts")
    with pytest.raises(KeyboardInterrupt):
        cross_validate(plan)
    record = json.loads((plan.folder / "crossval.json").read_text())
    assert [run["state"] for run in record["runs"]] == ["finished", "stopped", "waiting"]
    trainings.how.clear()
    assert cross_validate(plan).scores is not None
    assert [len(starts(member)) for member in plan.members] == [1, 2, 1]
    assert [line.split(" ")[0] for line in starts(plan.members[1])] == ["False", "True"]


def test_other_settings_are_refused_before_anything_trains(
    make: MakePlan, trainings: Trainings
) -> None:
    cross_validate(make("--epochs", "3"))
    count = len(trainings.started)
    with pytest.raises(InputError, match="--epochs 3, now with --epochs 4"):
        cross_validate(make("--epochs", "4", folds="0,1,2"))
    assert len(trainings.started) == count


def test_a_second_one_at_the_same_time_is_refused(make: MakePlan, trainings: Trainings) -> None:
    plan = make()
    with alone_in(plan.folder), pytest.raises(InputError, match="another cross-validation"):
        cross_validate(plan)
    assert trainings.started == []


def test_a_folder_of_something_else_is_left_alone(make: MakePlan, trainings: Trainings) -> None:
    plan = make()
    plan.members[0].folder.mkdir(parents=True)
    (plan.members[0].folder / "notes.txt").touch()
    with pytest.raises(InputError, match="no run"):
        cross_validate(plan)
    assert [path.name for path in plan.folder.iterdir()] == ["fold0-seed0"]


def test_all_runs_answer_by_one_command(make: MakePlan) -> None:
    plan = make()
    command = answer_command(plan)
    assert command is not None and command[5] == str(
        plan.folder / "ensemble/configs/inference.json"
    )
    assert answer_command(make(folds="0,")) is None
