"""The next picture is loaded while one is answered; order, content and errors are the loader's."""

import threading

import pytest
import torch
from monai.data import DataLoader, Dataset

from pipelines.deployment.ahead_loader import AheadLoader
from pipelines.training.workflow import readable_cause
from transforms.picture import PictureError


class Loaded:
    """A transform that notes what it loaded, and where; it waits for no one."""

    def __init__(self, broken: int | None = None) -> None:
        self.broken = broken
        self.threads: set[str] = set()
        self.there = [threading.Event() for _ in range(5)]

    def __call__(self, number: int) -> torch.Tensor:
        if number == self.broken:
            raise PictureError(f"{number}.png is gone")
        self.threads.add(threading.current_thread().name)
        self.there[number].set()
        return torch.tensor([number])


def test_the_batches_are_those_of_the_plain_loader() -> None:
    items = Dataset(list(range(5)), Loaded())
    for batch_size in (1, 2):
        ahead, plain = (kind(items, batch_size=batch_size) for kind in (AheadLoader, DataLoader))
        assert len(ahead) == len(plain)
        for _ in range(2):  # and again
            assert [b.tolist() for b in ahead] == [b.tolist() for b in plain]


def test_the_next_one_is_loaded_meanwhile_in_a_thread() -> None:
    loaded = Loaded()
    for number, _ in enumerate(AheadLoader(Dataset(list(range(5)), loaded))):
        if number < 4:
            assert loaded.there[number + 1].wait(timeout=30)
        assert not any(each.is_set() for each in loaded.there[number + 2 :])
    assert threading.current_thread().name not in loaded.threads


def test_what_cannot_be_loaded_is_told_in_its_turn() -> None:
    answered = []
    with pytest.raises(RuntimeError) as caught:
        for batch in AheadLoader(Dataset(list(range(5)), Loaded(broken=2))):
            answered.append(batch.item())
    assert str(readable_cause(caught.value)) == "2.png is gone"
    assert answered == [0, 1]


def test_who_stops_early_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    batches = iter(AheadLoader(Dataset(list(range(5)), Loaded())))
    next(batches)
    batches.close()
    assert set(threading.enumerate()) == before


def test_processes_load_where_they_are_asked_for() -> None:
    loader = AheadLoader(Dataset([3, 1, 2]), num_workers=1)
    assert [batch.item() for batch in loader] == [3, 1, 2]
