"""A training that was cut goes on as if nothing had happened, and keeps its best model."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from ignite.engine import Events
from ignite.handlers import Checkpoint

from pipelines.errors import InputError
from pipelines.training.accumulated_step import AccumulatedStep
from pipelines.training.checkpoint import ReplacingSaver, RunCheckpoint
from pipelines.training.early_stop import EarlyStop
from pipelines.training.machine_fit import MachineFit
from pipelines.training.schedule import OneCycle

Make = Callable[..., SimpleNamespace]
SCORES = [0.3, 0.6, 0.4, 0.5, 0.2, 0.7]


def kept(
    parts: SimpleNamespace,
    resume: Any = False,
    patience: int = 9,
    step: AccumulatedStep | None = None,
) -> list[Any]:
    """Early stop and checkpoint, as a bundle has them."""
    stop = EarlyStop(parts.validator, parts.metric, patience)
    checkpoint = RunCheckpoint(
        parts.folder,
        parts.network,
        parts.optimizer,
        parts.scheduler,
        parts.validator,
        parts.metric,
        early_stop=stop,
        resume=resume,
        step=step,
    )
    return [stop, checkpoint]


def resumed(parts: SimpleNamespace) -> list[Any]:
    return kept(parts, resume="true")


def scaled(precision: str, resume: bool = False) -> Callable[[SimpleNamespace], list[Any]]:
    """The same with a step that scales its loss in float16."""

    def handlers(parts: SimpleNamespace) -> list[Any]:
        machine = MachineFit(2, 2, precision, "contiguous", "cpu")
        step = AccumulatedStep(machine, parts.folder)
        parts.scaler = step.scaler
        return kept(parts, resume, step=step)

    return handlers


def model(parts: SimpleNamespace) -> dict[str, torch.Tensor]:
    return torch.load(parts.folder / "model.pt", weights_only=True)


def states_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_the_model_is_that_of_the_best_epoch(small_training: Make) -> None:
    parts = small_training(SCORES[:4], kept)
    states = []
    parts.trainer.add_event_handler(
        Events.EPOCH_COMPLETED,
        lambda _: states.append({k: v.clone() for k, v in parts.network.state_dict().items()}),
    )
    parts.trainer.run()
    assert states_equal(model(parts), states[1])
    assert not states_equal(model(parts), states[3])
    assert sorted(p.name for p in parts.folder.iterdir()) == ["checkpoint.pt", "model.pt"]


def test_a_resume_goes_on_where_the_run_was_cut(small_training: Make) -> None:
    whole = small_training(SCORES, kept)
    whole.trainer.run()
    best = model(whole)
    small_training(SCORES, kept, epochs=3).trainer.run()
    later = small_training(SCORES, resumed)
    started: list[int] = []
    later.trainer.add_event_handler(
        Events.EPOCH_STARTED, lambda engine: started.append(engine.state.epoch)
    )
    later.trainer.run()
    assert started == [4, 5, 6]
    assert later.trainer.state.iteration == whole.trainer.state.iteration == 12
    assert states_equal(later.network.state_dict(), whole.network.state_dict())
    assert states_equal(model(later), best)
    assert str(later.optimizer.state_dict()) == str(whole.optimizer.state_dict())
    assert later.scheduler.state_dict() == whole.scheduler.state_dict()


def test_a_kill_in_the_middle_of_an_epoch_repeats_it(small_training: Make) -> None:
    whole = small_training(SCORES, kept)
    whole.trainer.run()

    def kill(engine: Any) -> None:
        raise KeyboardInterrupt

    cut = small_training(SCORES, kept)
    cut.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=5), kill)
    with pytest.raises(KeyboardInterrupt):
        cut.trainer.run()
    later = small_training(SCORES, resumed)
    later.trainer.run()
    assert states_equal(later.network.state_dict(), whole.network.state_dict())


def test_a_worse_epoch_after_a_resume_replaces_no_model(small_training: Make) -> None:
    first = small_training(SCORES, kept, epochs=2)
    first.trainer.run()
    best = model(first)
    small_training(SCORES, resumed, epochs=5).trainer.run()
    assert states_equal(model(first), best)
    small_training(SCORES, resumed, epochs=6).trainer.run()
    assert not states_equal(model(first), best)


@pytest.mark.parametrize("epochs", [2, 1])
def test_a_finished_run_trains_nothing_more_but_completes(
    epochs: int, small_training: Make
) -> None:
    small_training(SCORES, kept, epochs=2).trainer.run()
    before = model(small_training(SCORES, resumed, epochs=2))
    later = small_training(SCORES, resumed, epochs=epochs)
    events = counted(later)
    later.trainer.run()
    assert events == {"iterations": 0, "completed": 1}
    assert states_equal(model(later), before)


def test_a_run_that_stopped_early_trains_nothing_more(small_training: Make) -> None:
    def stopping(parts: SimpleNamespace) -> list[Any]:
        return kept(parts, patience=2)

    first = small_training(SCORES, stopping)
    first.trainer.run()
    assert first.trainer.state.epoch == 4
    later = small_training(SCORES, lambda parts: kept(parts, resume=True, patience=2))
    events = counted(later)
    later.trainer.run()
    assert events == {"iterations": 0, "completed": 1}
    assert later.trainer.state.epoch == 4


def counted(parts: SimpleNamespace) -> dict[str, int]:
    events = {"iterations": 0, "completed": 0}

    def count(engine: Any, name: str) -> None:
        events[name] += 1

    parts.trainer.add_event_handler(Events.ITERATION_STARTED, count, "iterations")
    parts.trainer.add_event_handler(Events.COMPLETED, count, "completed")
    return events


def test_nan_scores_leave_a_model(small_training: Make) -> None:
    parts = small_training([float("nan"), float("nan"), 0.0], kept, epochs=2)
    parts.trainer.run()
    first = model(parts)
    later = small_training([float("nan"), float("nan"), 0.0], resumed)
    later.trainer.run()
    assert states_equal(model(later), later.network.state_dict())
    assert not states_equal(model(later), first)


def test_without_resume_the_checkpoint_is_left_unread(small_training: Make) -> None:
    small_training(SCORES, kept, epochs=2).trainer.run()
    fresh = small_training(SCORES, kept, epochs=1)
    fresh.trainer.run()
    assert fresh.trainer.state.iteration == 2


def test_resume_without_a_checkpoint_starts_afresh(small_training: Make) -> None:
    parts = small_training(SCORES, resumed, epochs=1)
    parts.trainer.run()
    assert parts.trainer.state.epoch == 1


def test_the_scale_of_the_loss_goes_on_where_it_was(small_training: Make) -> None:
    first = small_training(SCORES[:1], scaled("float16"))
    first.scaler.scale(torch.ones(1))
    first.scaler.update(32.0)
    first.trainer.run()
    later = small_training(SCORES[:2], scaled("float16", resume=True))
    assert later.scaler.get_scale() != 32
    later.trainer.run()
    assert later.trainer.state.epoch == 2
    assert later.scaler.state_dict() == first.scaler.state_dict()


@pytest.mark.parametrize(("before", "after"), [("float32", "float16"), ("float16", "float32")])
def test_a_resume_in_another_precision_has_a_new_scale(
    before: str, after: str, small_training: Make
) -> None:
    small_training(SCORES[:1], scaled(before)).trainer.run()
    fresh = small_training(SCORES[:2], scaled(after)).scaler.state_dict()
    later = small_training(SCORES[:2], scaled(after, resume=True))
    later.trainer.run()
    assert later.trainer.state.epoch == 2 and later.scaler.state_dict() == fresh


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 half a zip"])
def test_a_corrupt_checkpoint_is_named(content: bytes, small_training: Make) -> None:
    parts = small_training(SCORES, resumed)
    (parts.folder / "checkpoint.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"checkpoint\.pt cannot be read.*--overwrite true"):
        parts.trainer.run()


def test_a_cut_checkpoint_is_named(small_training: Make) -> None:
    parts = small_training(SCORES, kept, epochs=1)
    parts.trainer.run()
    path = parts.folder / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="cannot be read"):
        small_training(SCORES, resumed).trainer.run()


@pytest.mark.parametrize("content", [{}, {"network": {}}, [1, 2], torch.ones(2)])
def test_another_content_is_named(content: Any, small_training: Make) -> None:
    parts = small_training(SCORES, resumed)
    torch.save(content, parts.folder / "checkpoint.pt")
    with pytest.raises(InputError, match="does not fit this configuration") as caught:
        parts.trainer.run()
    assert "\n" not in str(caught.value)


def test_another_network_is_named(small_training: Make) -> None:
    small_training(SCORES, kept, epochs=1).trainer.run()
    other = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1))
    with pytest.raises(InputError, match="does not fit this configuration"):
        small_training(SCORES, resumed, network=other).trainer.run()


def test_a_kill_between_removing_and_writing_loses_nothing(tmp_path: Path) -> None:
    saver = ReplacingSaver(tmp_path)
    saver({"a": torch.ones(1)}, "model.pt")
    saver.remove("model.pt")
    assert (tmp_path / "model.pt").is_file()


def test_a_failing_write_keeps_the_old_file(
    small_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = small_training(SCORES, kept, epochs=1)
    parts.trainer.run()
    before = {p.name: p.read_bytes() for p in parts.folder.iterdir()}

    def full(self: Any, *arguments: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="disk full"):
        small_training(SCORES, resumed).trainer.run()
    assert {p.name: p.read_bytes() for p in parts.folder.iterdir()} == before


def test_the_inner_network_of_several_processes_is_saved(small_training: Make) -> None:
    # What DistributedDataParallel does to names; Ignite unwraps it itself.
    from torch.nn.parallel import DistributedDataParallel

    checkpoint = Checkpoint({"network": torch.nn.Conv2d(1, 1, 1)}, lambda *_: None)
    torch.distributed.init_process_group(
        "gloo", store=torch.distributed.HashStore(), rank=0, world_size=1
    )
    try:
        inner = torch.nn.Conv2d(1, 1, 1)
        checkpoint.to_save = {"network": DistributedDataParallel(inner)}
        assert set(checkpoint._setup_checkpoint()["network"]) == {"weight", "bias"}
    finally:
        torch.distributed.destroy_process_group()


def test_weights_that_are_nan_take_no_place(small_training: Make) -> None:
    parts = small_training(SCORES[:3], kept)

    def spoil(engine: Any) -> None:
        if engine.state.iteration == 4:  # the last step of the second epoch: no loss shows it
            parts.network.bias.data.fill_(float("nan"))

    parts.trainer.add_event_handler(Events.ITERATION_COMPLETED, spoil)
    expected = r"after epoch 2 the weights are NaN .* 1 of 2 tensors .*bias.; .*epoch 1 is kept"
    with pytest.raises(InputError, match=expected):
        parts.trainer.run()
    for name in ("model.pt", "checkpoint.pt"):
        state = torch.load(parts.folder / name, weights_only=True)
        state = state.get("network", state)
        assert all(torch.isfinite(value).all() for value in state.values()), name


def test_a_cycle_is_not_resumed_beyond_its_end(small_training: Make) -> None:
    parts = small_training(SCORES)
    state = {"scheduler": {"total_steps": 4}, "trainer": {"epoch_length": 2}}
    torch.save(state, parts.folder / "checkpoint.pt")
    for epochs in (1, 2):
        parts.scheduler = OneCycle(parts.optimizer, 0.1, total_steps=2 * epochs)
        kept(parts, resume="true")
    parts.scheduler = OneCycle(parts.optimizer, 0.1, total_steps=6)
    with pytest.raises(InputError, match=r"was made for 2 epochs and .*; it cannot go on to 3"):
        kept(parts, resume="true")
    kept(parts, resume=False)
