"""history.csv has each epoch once, also after a resume; the terminal has a line an epoch."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ignite.engine import Events

from pipelines.evaluation.curves import read_history
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
