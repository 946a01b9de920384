from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from pipelines.errors import InputError
from pipelines.search import study as study_module
from pipelines.search.plan import Plan, Pruning
from pipelines.search.study import (
    HOST,
    LOST,
    SAME,
    SEEN,
    counted,
    next_task,
    open_study,
    run_name,
    running_elsewhere,
    set_pruner,
)
from tests.pipelines.search.conftest import SPACE, MakePlan


@pytest.fixture
def plan(make: MakePlan, tmp_path: Path) -> Plan:
    """A plan whose study is in memory, so to speak: a journal takes no time to make."""
    return make(storage=f"journal:{tmp_path}/trials.log")


def drawn(plan: Plan, count: int) -> list[dict[str, Any]]:
    """Draws trials, each of which ends with the value 0."""
    study, found = open_study(plan), []
    for _ in range(count):
        with next_task(study, plan) as task:
            assert task is not None
            found.append(task.drawn)
            study.tell(task.number, 0.0)
    return found


def test_draws_come_again_with_the_same_seed_also_after_a_stop(
    make: MakePlan, tmp_path: Path
) -> None:
    def made(name: str, seed: int = 0) -> Plan:
        return make(storage=f"journal:{tmp_path}/{name}", seed=seed, trials=12)

    whole = drawn(made("whole"), 12)  # more than the ten that are drawn at random
    assert len({str(each) for each in whole}) == 12
    parts = [*drawn(made("parts"), 5), *drawn(made("parts"), 7)]
    assert parts == whole
    assert drawn(made("other", seed=1), 1) != whole[:1]
    assert all(isinstance(each["epochs"], int) and 2 <= each["epochs"] <= 4 for each in whole)


def test_there_are_no_more_than_were_asked_for(plan: Plan) -> None:
    drawn(plan, 4)
    with next_task(open_study(plan), plan) as task:
        assert task is None


def test_of_those_that_ask_at_the_same_moment_only_the_first_count(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(plan, 3)
    mine, other = open_study(plan), open_study(plan)
    ask = mine.ask

    def late() -> optuna.Trial:
        other.ask()  # gets the last number that counts
        return ask()

    monkeypatch.setattr(mine, "ask", late)
    with next_task(mine, plan) as task:
        assert task is None
    trials = mine.get_trials()
    assert len(trials) == 5 and [t.number for t in counted(trials)] == [0, 1, 2, 3]


def test_a_trial_that_is_held_is_left_alone_and_taken_up_when_it_is_not(plan: Plan) -> None:
    mine, other = open_study(plan), open_study(plan)
    with next_task(mine, plan) as first:
        assert first is not None
        first.trial.report(0.5, 1)
        with next_task(other, plan) as second:
            assert second is not None and second.number == 1
            assert running_elsewhere(other) == 2
    with next_task(other, plan) as again:
        assert again is not None and (again.number, again.drawn) == (0, first.drawn)
        assert again.told == {1} and again.folder == first.folder


def test_another_machines_trial_is_given_up_when_it_is_silent_and_out_of_reach(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    study = open_study(plan)
    with next_task(study, plan) as first:
        assert first is not None
        first.trial.set_user_attr(HOST, "elsewhere")
        first.trial.set_user_attr("folder", str(tmp_path / "far" / run_name(0)))
    (plan.folder / "locks" / run_name(0)).unlink()
    with next_task(study, plan) as second:
        assert second is not None and second.number == 1
        study.tell(1, 0.0)
    first.trial.set_user_attr(SEEN, time.time() - 2 * study_module.GRACE)
    with next_task(study, plan) as third:
        assert third is not None and third.number == 2
    lost = study.get_trials()[0]
    assert lost.state.name == "FAIL" and LOST in lost.user_attrs
    assert [t.number for t in counted(study.get_trials())] == [1, 2]


def test_a_trial_whose_folder_is_out_of_reach_is_given_up_only_when_it_is_silent(
    plan: Plan, tmp_path: Path
) -> None:
    study = open_study(plan)
    with next_task(study, plan) as first:
        assert first is not None
        first.trial.set_user_attr("folder", str(tmp_path / "far" / run_name(0)))
    (plan.folder / "locks" / run_name(0)).unlink()
    with next_task(study, plan) as second:  # another container may have the same host name
        assert second is not None and second.number == 1
        study.tell(1, 0.0)
    assert running_elsewhere(study) == 1
    first.trial.set_user_attr(SEEN, time.time() - 2 * study_module.GRACE)
    with next_task(study, plan) as third:
        assert third is not None and third.number == 2
    assert LOST in study.get_trials()[0].user_attrs


def test_a_copy_is_no_trial_that_was_trained_to_its_end(make: MakePlan, tmp_path: Path) -> None:
    plan = make(storage=f"journal:{tmp_path}/trials.log", pruning=Pruning(startup=2, warmup=1))
    study = open_study(plan)
    for copy in (False, True, False):
        trial = study.ask()
        if copy:
            trial.set_user_attr(SAME, 0)
        else:
            for epoch in (1, 2, 3):
                trial.report(0.5, epoch)
        study.tell(trial, 0.5)
        set_pruner(study, plan)
        bad = study.ask()
        bad.report(0.1, 1)
        bad.report(0.1, 2)
        pruned = bad.should_prune()
        study.tell(bad, state=optuna.trial.TrialState.FAIL)
        assert pruned == (trial.number == 4), trial.number


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        ((), {"space": {"epochs": SPACE["epochs"]}}, "another space;"),
        ((), {"seed": 3}, r"another --seed \(0, now 3\)"),
        ((), {"variants": ["frozen"]}, r"another --variant \(\[\], now \['frozen'\]\)"),
        (("--image_size", "64"), {}, "with --image_size 32, now with --image_size 64"),
        (("--batch_size", "4"), {}, "with no --batch_size, now with --batch_size 4"),
    ],
)
def test_another_search_is_not_gone_on_with(
    make: MakePlan, tmp_path: Path, words: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    common = {"storage": f"journal:{tmp_path}/trials.log", "study": "s"}
    size = ("--image_size", "32")
    open_study(make(*size, "--num_workers", "0", **common))
    open_study(make(*size, "--num_workers", "2", **common))  # no result depends on it
    all_words = words if "--image_size" in words else (*size, *words)
    with pytest.raises(InputError, match=f"was started .*{message}"):
        open_study(make(*all_words, **{**common, **given}))


def test_a_bundle_that_was_edited_is_not_gone_on_with(plan: Plan) -> None:
    open_study(plan)
    open_study(replace(plan, config={**plan.config, "dataset_dir": "elsewhere"}))
    with pytest.raises(InputError, match="other configuration files: those of the bundle"):
        open_study(replace(plan, config={**plan.config, "loss": {"_target_": "other"}}))


def test_a_study_of_something_else_is_refused(plan: Plan) -> None:
    study = optuna.create_study(
        storage=study_module.open_storage(plan.storage), study_name=plan.study
    )
    study.tell(study.ask(), 1.0)
    with pytest.raises(InputError, match="was not made by med2d search"):
        open_study(plan)
