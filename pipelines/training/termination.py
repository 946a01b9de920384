"""SIGTERM, which a scheduler sends, ends a training as Ctrl-C does: one line, results in order."""

from __future__ import annotations

import os
import re
import signal
import sys
from types import FrameType

MESSAGE = "Stopped by SIGTERM; a training goes on with --resume true"

_CODE = 128 + signal.SIGTERM
_WORKER = re.compile(r"DataLoader worker .* killed by signal: Terminated")


def stop_on_terminate() -> None:
    """Let SIGTERM raise ``SystemExit`` where nobody else has a use for it.

    It says so in a line. One that comes during the clean-up changes nothing. A scheduler sends it
    to the loaders' processes as well; their end is no failure then.
    """
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _stop)
    except ValueError:  # not in the main thread, which alone gets signals
        return


def is_terminated(error: BaseException | None) -> bool:
    """Whether an error says that SIGTERM ended this process, or a loader's before it."""
    while error is not None:
        if isinstance(error, SystemExit) and error.code == _CODE:
            return True
        if _WORKER.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _stop(number: int, frame: FrameType | None) -> None:
    if is_terminated(sys.exc_info()[1]):
        return
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, _nothing)  # PyTorch's would raise over a loader's end
    os.write(2, f"{MESSAGE}\n".encode())  # print may be in the middle of another line
    raise SystemExit(_CODE)


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler, not SIG_IGN: a signal that has come already must find one."""
