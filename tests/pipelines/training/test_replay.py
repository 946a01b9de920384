"""A sample depends on seed, epoch and index, and on nothing else."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.bundle import ConfigParser
from monai.transforms import Compose
from PIL import Image
from torch.utils.data import DistributedSampler

from pipelines import progress
from pipelines.bundles import bundle_root
from pipelines.training import replay
from pipelines.training.replay import EpochSeed, ReplayDataset, ReplaySampler, replay_loader

COUNT = 7
Make = Callable[..., ReplayDataset]


@pytest.fixture(scope="module")
def recipe() -> Compose:
    """The bundle's own preprocessing and augmentation, at 32 px."""
    parser = ConfigParser()
    parser.read_config(str(bundle_root("breast_us_segmentation") / "configs" / "train.json"))
    parser.update({"image_size": 32})
    return parser.get_parsed_content("train::preprocessing")


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, recipe: Compose) -> Make:
    folder = tmp_path_factory.mktemp("pictures")
    items = []
    for number in range(COUNT):
        noise = np.random.default_rng(number).integers(0, 256, (40, 30), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
        Image.fromarray((noise > 128).astype(np.uint8)).save(folder / f"{number}_mask.png")
        paths = {"image": f"{number}.png", "label": f"{number}_mask.png"}
        items.append({"id": number, **{k: str(folder / v) for k, v in paths.items()}})

    def made(cache_num: int = COUNT, seed: int = 5, progress: bool = False) -> ReplayDataset:
        return ReplayDataset(items, recipe, seed, cache_num=cache_num, progress=progress)

    return made


def same(one: Any, other: Any) -> bool:
    return all(torch.equal(one[key], other[key]) for key in ("image", "label"))


def epochs(loader: Any, numbers: tuple[int, ...]) -> list[dict[str, torch.Tensor]]:
    batches = []
    for epoch in numbers:
        loader.sampler.set_epoch(epoch)
        batches += list(loader)
    return batches


@pytest.fixture(scope="module")
def expected(make: Make) -> list[dict[str, torch.Tensor]]:
    """Two epochs, loaded in this process."""
    return epochs(replay_loader(make(), 2, 0, seed=5), (1, 2))


def test_a_sample_holds_plain_float_tensors(make: Make) -> None:
    sample = make()[1, 0]
    assert set(sample) == {"image", "label"}
    for value in sample.values():
        assert type(value) is torch.Tensor
        assert value.dtype == torch.float32
        assert value.shape == (1, 32, 32)
    assert sample["label"].unique().tolist() == [0, 1]


def test_the_order_of_access_changes_no_sample(make: Make) -> None:
    forward, backward = make(), make()
    samples = {index: forward[3, index] for index in range(COUNT)}
    for index in reversed(range(COUNT)):
        assert same(backward[3, index], samples[index])
        assert same(backward[3, index], samples[index])


@pytest.mark.parametrize("cached", [0, 3])
def test_the_memory_changes_no_sample(cached: int, make: Make) -> None:
    whole, partly = make(), make(cached)
    assert all(same(whole[2, index], partly[2, index]) for index in range(COUNT))


def test_epochs_items_and_seeds_differ(make: Make) -> None:
    data = make()
    assert not same(data[1, 0], data[2, 0])
    assert not same(data[1, 0], data[1, 1])
    assert not same(data[1, 0], make(seed=6)[1, 0])


def test_loading_writes_into_no_cached_item(make: Make) -> None:
    data = make()
    before = [{k: v.clone() for k, v in item.items()} for item in data._cache]
    for epoch in range(4):
        for index in range(COUNT):
            for value in data[epoch, index].values():
                assert value.shape == (1, 32, 32)
    assert all(same(item, was) for item, was in zip(data._cache, before, strict=True))


@pytest.mark.parametrize(("workers", "cached"), [(0, 0), (1, COUNT), (2, COUNT), (2, 3)])
def test_workers_and_memory_change_no_batch(
    workers: int, cached: int, make: Make, expected: list[dict[str, torch.Tensor]]
) -> None:
    loader = replay_loader(make(cached), 2, workers, seed=5)
    batches = epochs(loader, (1, 2))
    assert len(batches) == len(expected) == 6  # of seven images, one is left out
    assert all(same(one, other) for one, other in zip(batches, expected, strict=True))
    assert not same(batches[0], batches[3])


def test_a_later_epoch_needs_no_earlier_one(
    make: Make, expected: list[dict[str, torch.Tensor]]
) -> None:
    resumed = epochs(replay_loader(make(), 2, 1, seed=5), (2,))
    assert all(same(one, other) for one, other in zip(resumed, expected[3:], strict=True))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_loading_draws_from_no_global_generator(workers: int, make: Make) -> None:
    loader = replay_loader(make(2), 2, workers, seed=5)
    before = (random.getstate(), np.random.get_state(), torch.get_rng_state())
    epochs(loader, (1, 2))
    assert random.getstate() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), before[1], strict=True))
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.parametrize(("batch_size", "batches"), [(7, 1), (8, 1), (3, 2), (1, 7)])
def test_no_part_is_without_a_batch(batch_size: int, batches: int, make: Make) -> None:
    assert len(list(replay_loader(make(), batch_size, 0, seed=5))) == batches


@pytest.mark.parametrize("count", [8, 7])
def test_the_processes_share_the_items(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    for rank in range(2):
        monkeypatch.setattr(replay.idist, "get_world_size", lambda: 2)
        monkeypatch.setattr(replay.idist, "get_rank", lambda rank=rank: rank)
        sampler = ReplaySampler(range(count), seed=0)
        sampler.set_epoch(4)
        shares.append(list(sampler))
    assert {epoch for share in shares for epoch, _ in share} == {4}
    indices = [{index for _, index in share} for share in shares]
    assert not indices[0] & indices[1]
    assert len(shares[0]) == len(shares[1]) == len(indices[0])
    # Both have as many: of an odd number one is left out.
    assert len(indices[0] | indices[1]) == count - count % 2


def test_fewer_items_than_processes_are_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay.idist, "get_world_size", lambda: 4)
    assert [index for _, index in ReplaySampler(range(1), seed=0)] == [0]


def test_the_order_differs_between_epochs_and_seeds() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = ReplaySampler(range(50), seed)
        assert isinstance(sampler, DistributedSampler)
        sampler.set_epoch(epoch)
        return [index for _, index in sampler]

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    # PyTorch's sampler adds the two: (seed 1, epoch 1) must not repeat (seed 0, epoch 2).
    assert order(1, 1) != order(0, 2)


def test_the_engine_hands_the_epoch_on(make: Make) -> None:
    from monai.engines import SupervisedTrainer

    loader = replay_loader(make(), 2, 1, seed=5)
    network = torch.nn.Conv2d(1, 1, 1)
    seen: list[torch.Tensor] = []
    trainer = SupervisedTrainer(
        device="cpu",
        max_epochs=2,
        train_data_loader=loader,
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.0),
        loss_function=torch.nn.MSELoss(),
        decollate=False,
    )
    from ignite.engine import Events

    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, lambda e: seen.append(e.state.output["image"].clone())
    )
    trainer.run()
    wanted = epochs(replay_loader(make(), 2, 0, seed=5), (1, 2))
    assert all(torch.equal(a, b["image"]) for a, b in zip(seen, wanted, strict=True))


def test_dropout_is_the_same_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    def draws(epoch: int, rank: int = 0, seed: int = 0) -> tuple[float, ...]:
        monkeypatch.setattr(replay.idist, "get_rank", lambda: rank)
        engine = Engine(lambda engine, batch: None)
        EpochSeed(seed).attach(engine)
        engine.state.epoch = epoch
        from ignite.engine import Events

        engine.fire_event(Events.EPOCH_STARTED)
        return (random.random(), float(np.random.rand()), float(torch.rand(1)))

    first = draws(3)
    torch.rand(10)
    assert draws(3) == first
    others = [draws(4), draws(3, rank=1), draws(3, seed=1)]
    assert all(a != b for other in others for a, b in zip(other, first, strict=True))


def test_filling_the_memory_writes_plain_lines(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_FIRST", 0)
    monkeypatch.setattr(progress, "_SECONDS", 0)
    make(progress=True)
    written = capsys.readouterr().err
    assert f"loading: {COUNT} of {COUNT}" in written
    assert "\r" not in written
