"""A headless Chromium that opens pages and waits for what their scripts show."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WIDTH, HEIGHT = 1600, 1000
_COMMANDS, _ANSWERS = 3, 4  # the files that --remote-debugging-pipe reads and writes


def chromium() -> str:
    """The browser; a machine of CI must have it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing; .ci/run installs it")
    return found or pytest.skip("Chromium is not installed")


class Browser:
    """A page of a running Chromium, spoken to by its DevTools protocol.

    Args:
        commands: where commands are written.
        answers: where they are answered.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self.commands, self.answers = commands, answers
        self._number, self._rest = 0, b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session: str | None = attached["sessionId"]
        self.resize(WIDTH, HEIGHT)

    session: str | None = None

    def resize(self, width: int, height: int) -> None:
        """Gives the page another size, pixels: tables make only the columns that fit."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                part = os.read(self.answers, 1 << 20)
                assert part, "Chromium has ended"
                self._rest += part
            text, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, address: str, *texts: str, seconds: float = 180) -> str:
        """Opens a page and waits until it shows all texts.

        Returns:
            The text of the page.
        """
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        return self.wait(*texts, seconds=seconds)

    def wait(self, *texts: str, seconds: float = 180) -> str:
        """Waits until the page shows all texts; gives its text."""
        end, shown = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            shown = self.evaluate("document.body ? document.body.innerText : ''") or ""
            if all(text in shown for text in texts):
                return shown
            time.sleep(0.5)
        missing = [text for text in texts if text not in shown]
        raise AssertionError(f"the page never showed {missing}; it shows:\n{shown[:3000]}")

    def picture(self, file: Path) -> None:
        """Writes what the page looks like as a PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(data))


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """Yields a browser whose own files lie in a folder; it ends with the block."""
    commands, answers = os.pipe(), os.pipe()
    words = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe")
    line = [chromium(), *words, f"--user-data-dir={home}", f"--window-size={WIDTH},{HEIGHT}"]

    def give_files() -> None:
        read, write = os.dup(commands[0]), os.dup(answers[1])  # 3 or 4 may be one of them
        os.dup2(read, _COMMANDS)
        os.dup2(write, _ANSWERS)

    process = subprocess.Popen(
        line,
        preexec_fn=give_files,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands[0])
    os.close(answers[1])
    try:
        yield Browser(commands[1], answers[0])
    finally:
        process.terminate()
        process.wait(30)
        os.close(commands[1])
        os.close(answers[0])
