"""Classes stand alike in every epoch, and (seed, epoch) alone says which images."""

import logging
from collections import Counter
from typing import Any

import pytest
import torch
from monai.transforms import Compose, RandScaleIntensityd

from pipelines.errors import InputError
from pipelines.training import replay
from pipelines.training.balanced_sampler import BalancedSampler, class_sampler
from pipelines.training.replay import ReplayDataset, ReplaySampler, replay_loader

CLASSES = ["a"] * 14 + ["b"] * 4 + ["c"] * 2  # by index 0-13, 14-17, 18-19
ITEMS = [{"class": name} for name in CLASSES]


def drawn(epoch: int, seed: int = 0, classes: list[str] = CLASSES) -> list[tuple[int, ...]]:
    sampler = BalancedSampler(classes, seed)
    assert isinstance(sampler, ReplaySampler)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_an_epoch_has_as_many_draws_as_images_and_the_classes_alike() -> None:
    for epoch in (1, 2, 3):
        draws = drawn(epoch)
        assert len(draws) == len(set(draws)) == len(CLASSES)
        assert {draw[0] for draw in draws} == {epoch}
        counts = Counter(CLASSES[index] for _, index, _ in draws)
        assert sorted(counts.values()) == [6, 7, 7]


def test_what_does_not_divide_falls_to_other_classes_in_other_epochs() -> None:
    short = set()
    for epoch in range(20):
        counts = Counter(CLASSES[index] for _, index, _ in drawn(epoch))
        short |= {name for name, count in counts.items() if count == 6}
    assert short == {"a", "b", "c"}


def test_images_of_a_class_are_drawn_equally_often() -> None:
    counts = Counter(index for _, index, _ in drawn(1))
    for members in (range(14), range(14, 18), range(18, 20)):
        numbers = [counts[index] for index in members]
        assert max(numbers) - min(numbers) <= 1


def test_repeats_of_an_image_are_numbered() -> None:
    draws = drawn(1)
    for index in range(20):
        numbers = sorted(repeat for _, i, repeat in draws if i == index)
        assert numbers == list(range(len(numbers)))


def test_every_image_of_a_frequent_class_has_its_turn() -> None:
    seen = {index for epoch in range(12) for _, index, _ in drawn(epoch)}
    assert seen == set(range(20))


def test_seed_and_epoch_alone_name_the_draws() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert drawn(3) != drawn(3, seed=1)
    assert drawn(4, seed=0) != drawn(3, seed=1)


@pytest.mark.parametrize("processes", [2, 3])
def test_the_processes_share_the_draws(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    monkeypatch.setattr(replay.idist, "get_world_size", lambda: processes)
    for rank in range(processes):
        monkeypatch.setattr(replay.idist, "get_rank", lambda rank=rank: rank)
        shares.append(drawn(2))
    whole = [draw for share in shares for draw in share]
    assert len({len(share) for share in shares}) == 1
    assert len(whole) == len(set(whole)) == 20 // processes * processes
    counts = Counter(CLASSES[index] for _, index, _ in whole)
    assert max(counts.values()) - min(counts.values()) <= 1


def batches(workers: int, epochs: tuple[int, ...]) -> list[dict[str, torch.Tensor]]:
    """A tiny training part, balanced; each image is its index, scaled at random."""
    items = [
        {"image": torch.full((1, 1, 1), float(i + 1)), "label": int(name == "b")}
        for i, name in enumerate("aaaaab")
    ]
    recipe = Compose([RandScaleIntensityd("image", factors=0.1, prob=1.0)])
    data = ReplayDataset(items, recipe, seed=5, progress=False)
    sampler = BalancedSampler([item["label"] for item in items], seed=5)
    loader = replay_loader(data, 3, workers, seed=5, sampler=sampler)
    found = []
    for epoch in epochs:
        sampler.set_epoch(epoch)
        found += list(loader)
    return found


def test_a_resume_and_workers_change_no_batch() -> None:
    whole = batches(0, (1, 2))
    resumed = batches(1, (2,))
    assert len(whole) == 4
    for one, other in zip(resumed, whole[2:], strict=True):
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["label"], other["label"])
    assert [int(batch["label"].sum()) for batch in whole[:2]].count(3) <= 1
    assert sum(int(batch["label"].sum()) for batch in whole[:2]) == 3


def test_each_repeat_of_an_image_is_augmented_anew() -> None:
    images = torch.cat([batch["image"] for batch in batches(0, (1,))]).flatten()
    labels = torch.cat([batch["label"] for batch in batches(0, (1,))])
    rare = images[labels == 1]
    assert len(rare) == len(rare.unique()) == 3


@pytest.mark.parametrize("off", [False, "false"])
def test_it_is_off_where_not_asked_for(off: Any) -> None:
    assert class_sampler(off, ITEMS, 0) is None


def test_it_says_how_many_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    assert isinstance(class_sampler("true", ITEMS, 0, "null"), BalancedSampler)
    assert "balanced_sampling: 20 draws an epoch, 6.667 of each class" in caplog.text
    assert "both favour" not in caplog.text
    class_sampler(True, ITEMS, 0, "auto")
    assert "balanced_sampling and class_weights both favour rare classes" in caplog.text


def test_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(InputError, match="balanced_sampling is 'maybe'; expected true or false"):
        class_sampler("maybe", ITEMS, 0)
