from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from pipelines.commands.ctrl_c import one_ctrl_c


def press() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def handler() -> Iterator[object]:
    before = signal.getsignal(signal.SIGINT)
    yield before
    signal.signal(signal.SIGINT, before)


def test_further_ones_do_not_disturb_the_clean_up_nor_the_end_of_the_program() -> None:
    cleaned = []
    with pytest.raises(SystemExit), one_ctrl_c():
        try:
            try:
                press()
            finally:
                press()
                cleaned.append("files")
        except KeyboardInterrupt:
            press()
            cleaned.append("words")
            raise SystemExit(130) from None
    assert cleaned == ["files", "words"]
    press()


def test_one_that_got_lost_is_not_the_last_that_works() -> None:
    with one_ctrl_c():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                press()


def test_without_one_everything_is_as_before(handler: object) -> None:
    with pytest.raises(ValueError, match="other"), one_ctrl_c():
        raise ValueError("other")
    assert signal.getsignal(signal.SIGINT) is handler


def test_outside_the_main_thread_nothing_changes(handler: object) -> None:
    seen = []

    def work() -> None:
        with one_ctrl_c():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [handler]


def test_a_ctrl_c_lost_in_a_finaliser_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails:
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def __del__(self) -> None:
            raise self.error

    shown: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: shown.append(unraisable.exc_type))
    with one_ctrl_c():
        Fails(KeyboardInterrupt())
        Fails(ValueError())
    Fails(KeyboardInterrupt())
    assert shown == [ValueError, KeyboardInterrupt]


def test_one_that_comes_while_a_lost_one_is_told_of_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Fails:
        def __del__(self) -> None:
            raise ValueError

    shown: list[object] = []

    def show(unraisable: object) -> None:
        press()
        shown.append(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", show)
    with one_ctrl_c():
        Fails()
        assert len(shown) == 1  # the interrupt did not end it
        with pytest.raises(KeyboardInterrupt):
            press()
