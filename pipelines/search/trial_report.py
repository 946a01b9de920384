"""A training tells its search the score of each epoch, and is told whether it goes on."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from ignite.engine import Engine, Events

from pipelines.training.early_stop import is_validated, metric_or_worst

CHANNEL = "MED2D_SEARCH_CHANNEL"
"""Variable of the environment: file descriptor of the socket between training and search."""

GO, STOP = "go", "stop"
"""The answers of a search."""

_LOG = logging.getLogger("med2d")


class TrialReport:
    """Tells the search of the score of each validated epoch; ends the training where it says so.

    It ends as by an early stop, with everything in its folder in order. It ends as well where the
    search is no more, as after a kill, and goes on with it later. Outside a search it does nothing.
    Stands last among the trainer's handlers, so that the epoch is saved by then.

    Args:
        validator: the engine whose metric is told.
        metric: its name; larger is better.
    """

    def __init__(self, validator: Engine, metric: str) -> None:
        self.validator = validator
        self.metric = metric
        number = os.environ.get(CHANNEL)
        self.socket = None if number is None else _socket(int(number))

    def attach(self, engine: Engine) -> None:
        """Tell of each epoch of the trainer ``engine``."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Tell of an epoch, and wait for the answer."""
        if self.socket is None or not is_validated(self.validator, engine):
            return
        score = metric_or_worst(self.validator, self.metric)
        answer = _ask(self.socket, {"epoch": engine.state.epoch, "score": score})
        if answer != GO:
            why = "by the search" if answer else "as the search has ended"
            _LOG.warning(f"stopped {why} after epoch {engine.state.epoch}")
            engine.terminate()


class Channel:
    """The search's end of the socket.

    Args:
        answer: is given an epoch and its score, and gives ``GO`` or ``STOP``.
    """

    def __init__(self, answer: Callable[[int, float], str]) -> None:
        self.answer = answer
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._text = b""

    @property
    def number(self) -> int:
        """The file descriptor of the training's end, which the training inherits."""
        return self._theirs.fileno()

    def handed_over(self) -> None:
        """Closes the training's end here: it has been inherited."""
        self._theirs.close()

    def serve(self) -> None:
        """Answers what the training has told since the last time."""
        with suppress(BlockingIOError, ConnectionError):
            self._text += self._ours.recv(4096)
        while b"\n" in self._text:
            line, _, self._text = self._text.partition(b"\n")
            told = json.loads(line)
            answer = self.answer(int(told["epoch"]), float(told["score"]))
            with suppress(ConnectionError):  # it has died; the process says so
                self._ours.sendall(f"{answer}\n".encode())

    def close(self) -> None:
        """Closes both ends."""
        self._ours.close()
        self._theirs.close()


def _socket(number: int) -> socket.socket | None:
    try:
        return socket.socket(fileno=number)
    except OSError:  # a rerun with the environment of a search that has ended
        return None


def _ask(channel: socket.socket, told: dict[str, float]) -> str:
    """Gives the answer; "" where nobody answers any more."""
    text = b""
    with suppress(OSError):
        channel.sendall(json.dumps(told).encode() + b"\n")
        while not text.endswith(b"\n"):
            part = channel.recv(64)
            if not part:
                return ""
            text += part
    return text.decode().strip()
