from __future__ import annotations

import json

import pytest

from pipelines.crossval.record import FILE, check_record, ensemble_of, read_record, write_record
from pipelines.crossval.run_state import State
from pipelines.errors import InputError
from tests.pipelines.crossval.conftest import MakePlan


def test_the_record_names_the_runs_and_what_answers_with_all(make: MakePlan) -> None:
    plan = make("--epochs", "3")
    for member in plan.members:
        member.folder.mkdir(parents=True)
        (member.folder / "scores.json").write_text('{"epoch": 2, "epochs_run": 3}')
    written = write_record(plan, dict.fromkeys(plan.members, State.FINISHED))
    assert written == read_record(plan.folder)
    assert written["overrides"] == {"epochs": 3} and not written["whole"] and written["finished"]
    run = {"folder": "fold1-seed0", "fold": 1, "seed": 0, "state": "finished"}
    assert written["runs"][1] == {**run, "epoch": 2, "epochs_run": 3}
    runs = ["fold0-seed0", "fold1-seed0"]
    assert written["ensemble"] == {"inference": "ensemble/configs/inference.json", "runs": runs}
    assert ensemble_of(make(folds="0,")) is None


def test_an_unfinished_one_has_no_ensemble(make: MakePlan) -> None:
    plan = make()
    plan.folder.mkdir()
    written = write_record(plan, dict.fromkeys(plan.members, State.WAITING))
    assert written["ensemble"] is None and not written["finished"]


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        (("--epochs", "4"), {}, "was started with --epochs 3, now with --epochs 4"),
        ((), {}, "was started with --epochs 3, now with no --epochs"),
        (("--epochs", "3", "--patience", "9"), {}, "with no --patience, now with --patience 9"),
        (("--epochs", "3"), {"variants": ["frozen"]}, r"another --variant \(\[\], now \['frozen"),
    ],
)
def test_other_settings_are_refused(
    make: MakePlan, words: tuple[str, ...], given: dict[str, object], message: str
) -> None:
    plan = make("--epochs", "3")
    plan.folder.mkdir()
    write_record(plan, {})
    with pytest.raises(InputError, match=message):
        check_record(make(*words, **given))


def test_another_dataset_is_refused(make: MakePlan) -> None:
    plan = make()
    plan.folder.mkdir()
    content = write_record(plan, {}) | {"dataset_digest": "other"}
    (plan.folder / FILE).write_text(json.dumps(content))
    with pytest.raises(InputError, match="another dataset or its folds; give"):
        check_record(plan)


def test_more_folds_seeds_and_workers_are_not(make: MakePlan) -> None:
    plan = make("--epochs", "3")
    plan.folder.mkdir()
    write_record(plan, {})
    check_record(make("--epochs", "3", "--num_workers", "0", folds=None, seeds="3"))


def test_fewer_are_refused_where_all_were_pooled(make: MakePlan) -> None:
    plan = make(folds="0,1,2", seeds="2")
    plan.folder.mkdir()
    write_record(plan, dict.fromkeys(plan.members, State.WAITING))
    fewer = make(folds="0,", seeds="0,4")
    check_record(fewer)  # there is nothing that would be replaced
    (plan.folder / "scores.json").write_text("{}")
    message = (
        "of the folds 0, 1, 2 and the seeds 0, 1; without fold1-seed0, fold2-seed0, fold0-seed1 "
        "and 2 more they would be replaced"
    )
    with pytest.raises(InputError, match=message):
        check_record(fewer)
    check_record(make(folds="0,1,2,3", seeds="2"))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_record_that_is_none_is_refused(make: MakePlan, text: str) -> None:
    plan = make()
    plan.folder.mkdir()
    check_record(plan)
    (plan.folder / FILE).write_text(text)
    with pytest.raises(InputError, match=r"crossval\.json"):
        check_record(plan)
