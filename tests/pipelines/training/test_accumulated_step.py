"""Pieces give the step of the whole batch, and running out of memory costs nothing but time."""

import copy
import json
import logging
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import pytest
import torch
from ignite.engine import Events
from monai.engines import IterationEvents, SupervisedTrainer
from torch import nn

from networks.frozen_layers import freeze
from pipelines.errors import InputError
from pipelines.training import accumulated_step
from pipelines.training.accumulated_step import AccumulatedStep
from pipelines.training.class_loss import ClassLoss
from pipelines.training.machine_fit import FILE, MachineFit
from pipelines.training.unfreeze import Unfreeze

IMAGES = 16


def network(norm: type[nn.Module] = nn.Identity) -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3), norm(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4, 3))


def batches(count: int = 2, images: int = IMAGES) -> list[dict[str, torch.Tensor]]:
    torch.manual_seed(1)
    return [
        {"image": torch.rand(images, 1, 8, 8), "label": torch.arange(images) % 3}
        for _ in range(count)
    ]


def machine(at_once: int, effective: int = IMAGES, precision: str = "float32") -> MachineFit:
    return MachineFit(effective, at_once, precision, "contiguous", "cpu")


def trained(
    model: nn.Module,
    fit: MachineFit,
    folder: Path,
    prepare: Callable[[SupervisedTrainer], None] = lambda trainer: None,
    data: list[dict[str, torch.Tensor]] | None = None,
) -> SupervisedTrainer:
    trainer = SupervisedTrainer(
        device="cpu",
        max_epochs=2,
        train_data_loader=batches() if data is None else data,
        network=model,
        optimizer=torch.optim.AdamW(model.parameters(), 0.01),
        loss_function=ClassLoss([0.5, 1.0, 1.5], 0.1),
        iteration_update=AccumulatedStep(fit, folder),
        decollate=False,
        optim_set_to_none=True,
    )
    prepare(trainer)
    trainer.run()
    return trainer


def close(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.allclose(a, b, atol=1e-6) for a, b in pairs)


@pytest.fixture
def plain() -> nn.Module:
    """Trained by MONAI's own step over whole batches."""
    model = network()
    SupervisedTrainer(
        device="cpu",
        max_epochs=2,
        train_data_loader=batches(),
        network=model,
        optimizer=torch.optim.AdamW(model.parameters(), 0.01),
        loss_function=ClassLoss([0.5, 1.0, 1.5], 0.1),
        decollate=False,
    ).run()
    return model


@pytest.mark.parametrize("at_once", [16, 4, 5, 1])
def test_pieces_give_the_weights_of_the_whole_batch(
    at_once: int, plain: nn.Module, tmp_path: Path
) -> None:
    model = network()
    assert not close(model, plain)
    trained(model, machine(at_once), tmp_path)
    assert close(model, plain)


@pytest.mark.parametrize("at_once", [16, 4, 6])
def test_the_output_is_of_the_whole_batch(at_once: int, tmp_path: Path) -> None:
    model, before = network(), network()
    trainer = trained(model, machine(at_once), tmp_path, data=batches(1))
    output, batch = trainer.state.output, batches(1)[0]
    assert torch.equal(output["image"], batch["image"])
    assert torch.equal(output["label"], batch["label"])
    assert output["pred"].shape == (IMAGES, 3)
    assert not output["pred"].requires_grad
    first: list[dict[str, Any]] = []
    trained(
        before,
        machine(at_once),
        tmp_path,
        lambda t: t.add_event_handler(
            Events.ITERATION_COMPLETED(once=1), lambda e: first.append(dict(e.state.output))
        ),
    )
    logits = network()(batches()[0]["image"])
    torch.testing.assert_close(first[0]["pred"], logits.detach(), atol=1e-6, rtol=1e-5)
    expected = ClassLoss([0.5, 1.0, 1.5], 0.1)(logits.detach(), batches()[0]["label"])
    assert float(first[0]["loss"]) == pytest.approx(float(expected), abs=1e-6)


def test_no_piece_is_larger_than_asked_and_all_are_even(tmp_path: Path) -> None:
    sizes: list[int] = []
    fired: list[str] = []

    def watch(trainer: SupervisedTrainer) -> None:
        trainer.network.register_forward_hook(lambda m, inputs, out: sizes.append(len(inputs[0])))
        for event in (IterationEvents.BACKWARD_COMPLETED, IterationEvents.MODEL_COMPLETED):
            trainer.add_event_handler(event, lambda e, name=event.name: fired.append(name))

    trained(network(), machine(7, 17), tmp_path, watch, batches(1, 17))
    assert sorted(sizes[:3]) == [5, 6, 6]
    assert fired[:4] == ["BACKWARD_COMPLETED"] * 3 + ["MODEL_COMPLETED"]


def failing(times: int, error: Exception, from_images: int = 0) -> Any:
    """Lets the first forward passes of so many images fail, in the second piece of a step."""
    left = {"failures": times, "calls": 0}

    def prepare(trainer: SupervisedTrainer) -> None:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor], output: Any) -> None:
            left["calls"] += 1
            big = len(inputs[0]) >= from_images
            if big and left["failures"] and left["calls"] % 2 == 0:
                left["failures"] -= 1
                raise error

        trainer.network.register_forward_hook(hook)

    return prepare


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    RuntimeError("not enough memory: you tried to allocate 8 bytes."),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=["cuda", "linux", "windows"])
def test_the_batch_is_halved_and_the_step_repeated(
    error: Exception, plain: nn.Module, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, fit = network(), machine(8)
    with caplog.at_level(logging.WARNING, "med2d"):
        trained(model, fit, tmp_path, failing(1, error))
    assert close(model, plain)
    assert (fit.batch_size, fit.accumulation, fit.effective_batch) == (4, 4, 16)
    record = json.loads((tmp_path / FILE).read_text())
    assert (record["batch_size"], record["accumulation"]) == (4, 4)
    told = [r.getMessage() for r in caplog.records if r.name == "med2d"]
    assert len(told) == 1
    assert "epoch 1, step 1, with 8 images at once; going on with 4 at once, 16 to" in told[0]


def test_it_is_halved_until_it_fits(plain: nn.Module, tmp_path: Path) -> None:
    model, fit = network(), machine(16)
    trained(model, fit, tmp_path, failing(9, NO_MEMORY[0], from_images=3))
    assert close(model, plain)
    assert fit.batch_size in (2, 4)


def test_batch_norms_statistics_of_a_failed_step_are_put_back(tmp_path: Path) -> None:
    whole, failed = network(nn.BatchNorm2d), network(nn.BatchNorm2d)
    trained(whole, machine(4), tmp_path)
    trained(failed, machine(8), tmp_path, failing(1, NO_MEMORY[0]))
    assert int(failed[1].num_batches_tracked) == int(whole[1].num_batches_tracked) == 16  # type: ignore[index]
    assert close(whole, failed)


def test_a_single_image_that_does_not_fit_ends_the_run(tmp_path: Path) -> None:
    model = network()
    before = copy.deepcopy(model)
    with pytest.raises(InputError, match="epoch 1, step 1, with a single image at once; choose"):
        trained(model, machine(2), tmp_path, failing(9, NO_MEMORY[1]))
    assert close(model, before)


def test_another_error_is_passed_on(tmp_path: Path) -> None:
    fit = machine(8)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        trained(network(), fit, tmp_path, failing(1, RuntimeError("mat1 and mat2 differ")))
    assert fit.batch_size == 8
    assert not (tmp_path / FILE).exists()


def test_the_optimisers_own_need_is_told(tmp_path: Path) -> None:
    def prepare(trainer: SupervisedTrainer) -> None:
        def step(closure: Any = None) -> None:
            raise NO_MEMORY[1]

        trainer.optimizer.step = step  # type: ignore[method-assign]

    with pytest.raises(InputError, match="no memory for the optimiser's own state"):
        trained(network(), machine(8), tmp_path, prepare)


def test_several_processes_stop_and_leave_the_smaller_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accumulated_step.idist, "get_world_size", lambda: 2)
    with pytest.raises(InputError, match="now says 4 at once, 16 to a step: give the same command"):
        trained(network(), machine(8), tmp_path, failing(1, NO_MEMORY[0]))
    assert json.loads((tmp_path / FILE).read_text())["batch_size"] == 4


def test_a_process_that_computes_no_more_stops_alike(tmp_path: Path) -> None:
    error = RuntimeError("could not create a primitive")
    with pytest.raises(InputError, match="give the same command again with --resume true"):
        trained(network(), machine(8), tmp_path, failing(1, error))
    assert json.loads((tmp_path / FILE).read_text())["batch_size"] == 4


class Shared(nn.Module):
    """Counts as ``DistributedDataParallel`` does when gradients are exchanged."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.shares = True
        self.seen: list[bool] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(self.shares)
        return self.module(images)

    @contextmanager
    def no_sync(self) -> Any:
        self.shares = False
        try:
            yield
        finally:
            self.shares = True


def test_processes_exchange_gradients_once_a_step(plain: nn.Module, tmp_path: Path) -> None:
    model = Shared(network())
    trained(model, machine(4), tmp_path)
    assert model.seen == [False, False, False, True] * 4
    assert close(model.module, plain)


def test_float16_scales_the_loss(tmp_path: Path) -> None:
    step = AccumulatedStep(machine(4, precision="float16"), tmp_path)
    assert step.scaler.is_enabled()
    assert not AccumulatedStep(machine(4), tmp_path).scaler.is_enabled()


class Frozen(nn.Module):
    """A backbone that is frozen at first, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.head = network()[:1], network()[1:]  # type: ignore[index]
        freeze(self.backbone, "none")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(images))


def unfreezing(trainer: SupervisedTrainer) -> None:
    Unfreeze(trainer.network, trainer.optimizer, {"2": "all"}).attach(trainer)


def train_with_another(rank: int, folder: Path) -> None:
    model = nn.parallel.DistributedDataParallel(Frozen())
    own = [{name: values[rank::2] for name, values in batch.items()} for batch in batches()]
    trained(model, machine(2, 8), folder, unfreezing, own)
    torch.save(model.module.state_dict(), folder / f"{rank}.pt")


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path: Path) -> None:
    whole = Frozen()
    trained(whole, machine(16), tmp_path, unfreezing)
    idist.spawn("gloo", train_with_another, (tmp_path,), nproc_per_node=2)
    for rank in range(2):
        model = Frozen()
        assert not close(model.backbone, whole.backbone)
        model.load_state_dict(torch.load(tmp_path / f"{rank}.pt", weights_only=True))
        assert close(model, whole)


def test_a_batch_norm_over_a_single_image_is_one_line(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 8), nn.Flatten(), nn.BatchNorm1d(2), nn.Linear(2, 3))
    data = [{"image": torch.rand(2, 1, 8, 8), "label": torch.tensor([0, 1])}]
    with pytest.raises(InputError, match=r"step \d, batch_size 1: network_def normalises over"):
        trained(model, machine(2, 2), tmp_path, failing(1, NO_MEMORY[0]), data)
