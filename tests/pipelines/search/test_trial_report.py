from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace

import pytest
from ignite.engine import Engine, Events

from pipelines.search.trial_report import CHANNEL, GO, STOP, Channel, TrialReport


def trained(answer: Callable[[int, float], str] | None, every: int = 1) -> int:
    """Trains six epochs, or fewer where the search says so; gives the last."""
    validator = Engine(lambda engine, batch: None)
    trainer = Engine(lambda engine, batch: None)

    @trainer.on(Events.EPOCH_COMPLETED(every=every))
    def validate(engine: Engine) -> None:
        validator.state = SimpleNamespace(
            epoch=engine.state.epoch, metrics={"val": 0.1 * engine.state.epoch}
        )

    TrialReport(validator, "val").attach(trainer)
    validator.state = SimpleNamespace(epoch=0, metrics={})
    trainer.run([0], max_epochs=6)
    return trainer.state.epoch


@pytest.fixture
def served(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[[int, float], str]], Channel]]:
    """Makes a channel that a thread serves, as the search would; the thread ends with the test."""
    ended = threading.Event()

    def made(answer: Callable[[int, float], str]) -> Channel:
        channel = Channel(answer)
        monkeypatch.setenv(CHANNEL, str(os.dup(channel.number)))
        channel.handed_over()

        def serve() -> None:
            with suppress(OSError):  # the test has closed it
                while not ended.wait(0.005):
                    channel.serve()
                channel.close()

        threading.Thread(target=serve, daemon=True).start()
        return channel

    yield made
    ended.set()


def test_it_goes_on_while_the_search_says_so(
    served: Callable[[Callable[[int, float], str]], Channel],
) -> None:
    told: list[tuple[int, float]] = []

    def answer(epoch: int, score: float) -> str:
        told.append((epoch, round(score, 3)))
        return STOP if epoch == 4 else GO

    served(answer)
    assert trained(answer, every=2) == 4
    assert told == [(2, 0.2), (4, 0.4)]  # only epochs that were validated


def test_it_ends_after_its_epoch_where_the_search_has_ended(
    served: Callable[[Callable[[int, float], str]], Channel],
) -> None:
    channel = served(lambda epoch, score: GO)
    channel.close()
    assert trained(None) == 1


def test_outside_a_search_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHANNEL, raising=False)
    assert trained(None) == 6
    with open(os.devnull) as file:  # noqa: PTH123
        monkeypatch.setenv(CHANNEL, str(file.fileno()))
        assert trained(None) == 6
