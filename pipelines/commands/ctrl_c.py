"""Ctrl-C, once or often: the first one stops the work, and no further one disturbs the clean-up."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any


@contextmanager
def one_ctrl_c() -> Iterator[None]:
    """Makes Ctrl-C raise KeyboardInterrupt, but not while an earlier one is being dealt with.

    That is told by an exception being handled, not by the earlier signal alone: an interrupt that
    gets lost, as in a finaliser, must not be the last one that works. One that comes while Python
    tells of such a loss is not raised, as nothing could take it. After the block Ctrl-C does
    nothing where there was one: the program ends, and none may meet the interpreter on its way out.
    Outside the main thread, which alone gets signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if not (stopped and sys.exc_info()[1]) and not _is_telling(frame):
            stopped = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    shown = sys.unraisablehook
    sys.unraisablehook = partial(_unless_ctrl_c, shown)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if stopped else before)
        if not stopped:
            sys.unraisablehook = shown


def _is_telling(frame: FrameType | None) -> bool:
    """Whether a frame, or one that has called it, tells of what could not be raised."""
    while frame is not None:
        if frame.f_code is _unless_ctrl_c.__code__:
            return True
        frame = frame.f_back
    return False


def _unless_ctrl_c(shown: Callable[[Any], object], unraisable: Any) -> None:
    """Shows what could not be raised, unless it is a Ctrl-C that came too early or too late.

    One may meet a finaliser; one that comes while the signal is being ignored is an OSError.
    """
    late = isinstance(unraisable.exc_value, OSError) and "race condition" in str(
        unraisable.exc_value
    )
    if not late and unraisable.exc_type is not KeyboardInterrupt:
        shown(unraisable)
