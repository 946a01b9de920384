"""A visitor gets what the page asks for: not Gradio's other routes, nor files of this machine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo.door import JOIN, UPLOAD, Door


class Asked:
    """What was answered to a request, and what of it came through.

    Args:
        place: the folder of the uploads.
        method: of the request.
        path: of the request.
        body: of the request; its parts come one by one.
        heads: in place of the length of the body.
    """

    def __init__(
        self,
        place: Path,
        method: str,
        path: str,
        *body: bytes,
        heads: dict[str, str] | None = None,
        kind: str = "http",
    ) -> None:
        self.came: bytes | None = None
        self.sent: list[Any] = []
        self.parts = list(body) or [b""]
        own = {"content-length": str(sum(map(len, body)))} if heads is None else heads
        scope = {
            "type": kind,
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in own.items()],
        }
        asyncio.run(Door(self._app, place, 1)(scope, self._receive, self._send))

    @property
    def status(self) -> int:
        """0 where nothing refused it."""
        return next((each["status"] for each in self.sent if "status" in each), 0)

    @property
    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.sent).decode()

    async def _receive(self) -> Any:
        if not self.parts:
            return {"type": "http.disconnect"}
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.came = b""
        while (message := await receive())["type"] == "http.request":
            self.came += message["body"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/"), ("HEAD", "/"), ("GET", "/assets/index-1.js"), ("GET", "/theme.css")),
        *(("GET", "/config"), ("GET", "/gradio_api/queue/data"), ("POST", UPLOAD)),
    ],
)
def test_the_page_is_let_through(method: str, path: str, tmp_path: Path) -> None:
    asked = Asked(tmp_path, method, path, b"12", b"3")
    assert (asked.came, asked.status) == (b"123", 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/stream/1"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file//etc/passwd"),
        ("GET", "/gradio_api/proxy=http://127.0.0.1/"),
        ("POST", "/gradio_api/call/x"),
        ("POST", "/gradio_api/run/x"),
        ("POST", "/gradio_api/api/x"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/info"),
        ("GET", "/monitoring"),
        ("PUT", UPLOAD),
        ("POST", JOIN + "/"),
        ("POST", "/"),
    ],
)
def test_another_route_is_not(method: str, path: str, tmp_path: Path) -> None:
    asked = Asked(tmp_path, method, path, b"1")
    assert (asked.came, asked.status) == (None, 404)


def test_no_socket_is_opened(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "GET", "/", kind="websocket")
    assert asked.came is None and asked.sent == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize(
    "heads",
    [{}, {"content-length": "-1"}, {"content-length": "1", "transfer-encoding": "chunked"}],
)
def test_a_length_must_be_told(heads: dict[str, str], tmp_path: Path) -> None:
    asked = Asked(tmp_path, "POST", UPLOAD, b"1", heads=heads)
    assert (asked.came, asked.status) == (None, 411)


def test_all_files_of_a_request_together_have_a_limit(tmp_path: Path) -> None:
    def ask(path: str, length: int) -> Asked:
        return Asked(tmp_path, "POST", path, b"1", b"2", heads={"content-length": str(length)})

    assert ask(UPLOAD, 10 * 2**20).status == 0
    refused = ask(UPLOAD, 10 * 2**20 + 2**19)
    assert (refused.came, refused.status) == (None, 413)
    assert refused.text == (
        "These files have 10.5 MB together; up to 10 MB are taken at once. Give fewer files."
    )
    assert refused.parts == []  # else a browser that still sends never reads why
    assert ask(JOIN, 2**20 + 1).status == 413


def test_uploads_that_nobody_asks_about_do_not_fill_the_disk(tmp_path: Path) -> None:
    waiting = tmp_path / "own" / "a.png"
    waiting.parent.mkdir()
    with waiting.open("wb") as file:
        file.truncate(39 * 2**20)  # of 4 x 10 MB; takes no room

    def ask(length: int) -> Asked:
        heads = {"content-length": str(length)}
        return Asked(tmp_path, "POST", UPLOAD, b"1", heads=heads)

    assert ask(2**20).status == 0
    refused = ask(2**20 + 1)
    assert (refused.came, refused.status, refused.parts) == (None, 503, [])
    assert "Try again in a few minutes" in refused.text
    waiting.unlink()
    assert ask(2**20 + 1).status == 0


def test_uploads_that_arrive_at_once_are_counted_before_they_lie_there(tmp_path: Path) -> None:
    length = 10 * 2**20
    scope = {
        "type": "http",
        "method": "POST",
        "path": UPLOAD,
        "headers": [(b"content-length", str(length).encode())],
    }
    running = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        running += 1
        await asyncio.sleep(0)
        raise ConnectionError  # broken off

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def statuses(count: int) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        asked = [entrance(scope, receive, send) for _ in range(count)]
        await asyncio.gather(*asked, return_exceptions=True)
        return [message["status"] for message in sent if "status" in message]

    entrance = Door(app, tmp_path, 1)
    assert asyncio.run(statuses(40)) == [503] * 36 and running == 4
    assert asyncio.run(statuses(4)) == [] and running == 8


def test_a_question_names_uploads_alone(tmp_path: Path) -> None:
    place = tmp_path / "place"
    upload, other = place / "own" / "a.png", tmp_path / "b.png"
    upload.parent.mkdir(parents=True)
    for path in (upload, other):
        path.write_bytes(b"1")

    def ask(*paths: Any) -> Asked:
        files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
        body = json.dumps({"data": [files, {"deep": files[-1:]}], "fn_index": 0}).encode()
        asked = Asked(place, "POST", JOIN, body[:20], body[20:])
        assert asked.came in (None, body)
        return asked

    assert ask().status == 0 and ask(str(upload)).came is not None
    for path in (str(other), "/etc/passwd", "/no/such/file", "http://127.0.0.1/", 3, None):
        refused = ask(str(upload), path)
        assert (refused.came, refused.status) == (None, 403), path
        assert "not, or no longer, an upload of this page" in refused.text
        assert str(tmp_path) not in refused.text


@pytest.mark.parametrize("body", [b"", b"no", b"[" * 200_000, b"\xff\xfe\xff"])
def test_what_is_no_question_is_refused(body: bytes, tmp_path: Path) -> None:
    assert Asked(tmp_path, "POST", JOIN, body).status == 400
