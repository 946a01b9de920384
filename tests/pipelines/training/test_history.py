"""history.csv has each epoch once, also after a resume; the terminal has a line an epoch."""

import json
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ignite.engine import Events

from pipelines.evaluation.curves import read_history
from pipelines.training import history as module
from pipelines.training.checkpoint import RunCheckpoint
from pipelines.training.history import History

Make = Callable[..., SimpleNamespace]
SCORES = [0.3, 0.6, 0.4, 0.6, 0.2]


def followed(parts: SimpleNamespace, resume: bool = False) -> list[Any]:
    parts.history = History(parts.folder, parts.validator, parts.optimizer, parts.metric)
    checkpoint = RunCheckpoint(
        parts.folder,
        parts.network,
        parts.optimizer,
        parts.scheduler,
        parts.validator,
        parts.metric,
        resume=resume,
    )
    return [parts.history, checkpoint]


def resumed(parts: SimpleNamespace) -> list[Any]:
    return followed(parts, resume=True)


def table(parts: SimpleNamespace) -> Any:
    return read_history(parts.folder / "history.csv")


def test_a_row_an_epoch(small_training: Make, capsys: pytest.CaptureFixture[str]) -> None:
    parts = small_training(SCORES, followed)
    parts.trainer.state.metrics["train_f1"] = 0.5
    parts.trainer.run()
    history = table(parts)
    assert list(history["epoch"]) == [1, 2, 3, 4, 5]
    assert list(history["val_f1"]) == SCORES
    assert set(history["train_f1"]) == {0.5}
    # The rate that the schedule has set after the epoch's validation.
    assert list(history["learning_rate"]) == [0.01, 0.01, 0.005, 0.0025, 0.00125]
    assert (history["seconds"] >= 0).all()
    assert parts.history.best_epoch == 2
    assert (parts.folder / "curves" / "f1.png").is_file()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[2].startswith("epoch 3/5  val_f1 0.400")
    assert "best epoch 2" in lines[2]


@pytest.mark.parametrize("leaky", [False, True])
def test_the_curves_of_a_leaky_split_say_so(
    leaky: bool, small_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = small_training(SCORES, followed)
    (parts.folder / "config.json").write_text(json.dumps({"leaky": True} if leaky else {}))
    remarks: list[str] = []
    monkeypatch.setattr(module, "draw_curves", lambda *given: remarks.append(given[3]))
    parts.trainer.run()
    assert remarks == ["leaky split: too good" if leaky else ""]


def test_a_resume_doubles_no_row_and_loses_none(small_training: Make) -> None:
    small_training(SCORES, followed, epochs=2).trainer.run()
    parts = small_training(SCORES, resumed)
    parts.trainer.run()
    assert list(table(parts)["epoch"]) == [1, 2, 3, 4, 5]
    assert list(table(parts)["val_f1"]) == SCORES
    assert parts.history.best_epoch == 2


def test_a_kill_between_row_and_checkpoint_doubles_no_row(small_training: Make) -> None:
    def kill(engine: Any) -> None:
        raise KeyboardInterrupt

    def killed(parts: SimpleNamespace) -> list[Any]:
        history, checkpoint = followed(parts)
        killer = SimpleNamespace(
            attach=lambda engine: engine.add_event_handler(Events.EPOCH_COMPLETED(once=3), kill)
        )
        return [history, killer, checkpoint]

    cut = small_training(SCORES, killed)
    with pytest.raises(KeyboardInterrupt):
        cut.trainer.run()
    assert list(table(cut)["epoch"]) == [1, 2, 3]
    parts = small_training(SCORES, resumed)
    parts.trainer.run()
    assert list(table(parts)["epoch"]) == [1, 2, 3, 4, 5]


def test_a_kill_before_the_first_checkpoint_starts_a_new_history(small_training: Make) -> None:
    parts = small_training(SCORES, resumed, epochs=1)
    (parts.folder / "history.csv").write_text("epoch,val_f1\n1,0.9\n")
    parts.trainer.run()
    assert list(table(parts)["val_f1"]) == [0.3]


def test_a_finished_run_keeps_its_history(small_training: Make) -> None:
    small_training(SCORES, followed, epochs=3).trainer.run()
    parts = small_training(SCORES, resumed, epochs=3)
    before = (parts.folder / "history.csv").read_bytes()
    parts.trainer.run()
    assert (parts.folder / "history.csv").read_bytes() == before


def test_an_epoch_that_was_not_validated_has_no_validation_score(small_training: Make) -> None:
    def every_second(parts: SimpleNamespace) -> list[Any]:
        def forget(engine: Any) -> None:
            parts.validator.state.epoch = engine.state.epoch // 2 * 2

        undo = SimpleNamespace(
            attach=lambda engine: engine.add_event_handler(Events.EPOCH_COMPLETED, forget)
        )
        return [undo, *followed(parts)]

    parts = small_training(SCORES, every_second)
    parts.trainer.run()
    assert table(parts)["val_f1"].isna().tolist() == [True, False, True, False, True]
    assert (parts.folder / "curves" / "f1.png").is_file()
    assert parts.history.best_epoch == 2


def test_an_epoch_without_a_score_is_no_best_one(small_training: Make) -> None:
    parts = small_training([math.nan, 0.1, math.nan], followed)
    parts.trainer.run()
    assert parts.history.best_epoch == 2
    assert table(parts)["val_f1"].isna().tolist() == [True, False, True]
    silent = small_training([math.nan], followed)
    silent.trainer.run()
    assert silent.history.best_epoch is None


def test_the_line_of_an_epoch_shows_the_metric_that_chooses(
    small_training: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    def other(parts: SimpleNamespace) -> list[Any]:
        parts.metric = "val_balanced_accuracy"
        metrics = {"val_loss": 1, "val_balanced_accuracy": 0.25, "val_kappa": 0.5}

        def score(engine: Any) -> None:
            parts.validator.state.metrics = metrics

        first = SimpleNamespace(
            attach=lambda engine: engine.add_event_handler(Events.EPOCH_COMPLETED, score)
        )
        return [first, History(parts.folder, parts.validator, parts.optimizer, parts.metric)]

    small_training(SCORES[:1], other).trainer.run()
    line = capsys.readouterr().err
    assert "epoch 1/1  val_loss 1.000  val_balanced_accuracy 0.250  0." in line
