from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.crossval.plan import Plan
from pipelines.crossval.run_state import State, states_of
from pipelines.errors import InputError
from tests.pipelines.crossval.conftest import MakePlan
from tests.pipelines.crossval.made_training import recorded_config


def leave(plan: Plan, place: int, finished: bool = False, **changed: object) -> Path:
    """Leaves what a run left."""
    member = plan.members[place]
    member.folder.mkdir(parents=True)
    config = {**recorded_config(plan, member), **changed}
    (member.folder / "config.json").write_text(json.dumps(config))
    for name in ("scores.json", "cases.csv") if finished else ():
        (member.folder / name).write_text("{}")
    return member.folder


def test_each_run_is_as_far_as_its_folder_says(make: MakePlan) -> None:
    plan = make(folds="0,1,2,3")
    leave(plan, 0, finished=True)
    leave(plan, 1)
    plan.members[2].folder.mkdir()
    (plan.members[2].folder / ".1234abcd-config.json").touch()
    states = [State.FINISHED, State.STOPPED, State.WAITING, State.WAITING]
    assert list(states_of(plan).values()) == states


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 99}, r"started with another epochs \(99, now 24\)"),
        ({"loss": {"_target_": "x"}}, "started with another loss;"),
        ({"fold": 3}, r"another fold \(3, now 0\)"),
        ({"dataset_digest": "other"}, "another content or other folds of the dataset"),
    ],
)
def test_a_run_of_something_else_is_refused(
    make: MakePlan, changed: dict[str, object], message: str
) -> None:
    plan = make()
    leave(plan, 0, finished=True, **changed)
    with pytest.raises(InputError, match=message):
        states_of(plan)


def test_workers_and_what_was_found_may_differ(make: MakePlan) -> None:
    plan = make("--num_workers", "0")
    leave(plan, 0, num_workers=7, precision="bfloat16")
    assert states_of(plan)[plan.members[0]] is State.STOPPED


def test_a_finished_run_may_have_seen_the_dataset_elsewhere(make: MakePlan) -> None:
    plan = make()
    folder = leave(plan, 0, finished=True, dataset_dir="elsewhere")
    assert states_of(plan)[plan.members[0]] is State.FINISHED
    (folder / "scores.json").unlink()
    with pytest.raises(InputError, match="another dataset_dir"):
        states_of(plan)


def test_a_folder_of_something_else_is_refused(make: MakePlan) -> None:
    plan = make()
    plan.members[0].folder.mkdir(parents=True)
    (plan.members[0].folder / "notes.txt").touch()
    with pytest.raises(InputError, match="holds other files and no run"):
        states_of(plan)
