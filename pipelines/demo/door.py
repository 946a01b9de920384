"""What a visitor may ask of the server: the routes of the page, so much, and of own uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse, Response

from pipelines.demo.kept import bytes_of, is_upload

ROUTES = (
    ("GET HEAD", r"/"),
    ("GET HEAD", r"/(assets|static)/.+"),
    ("GET HEAD", r"/(config|theme\.css|manifest\.json|favicon\.ico|robots\.txt)"),
    ("GET", r"/gradio_api/(upload_progress|queue/data|heartbeat/[^/]+)"),
    ("POST", r"/gradio_api/(upload|queue/join)"),
)
"""Methods and paths that the page asks; Gradio has many more, some of which keep what they get."""

UPLOAD, JOIN = "/gradio_api/upload", "/gradio_api/queue/join"

FILES = 10
"""How many files of the greatest size may come in one request."""

WAITING = 4
"""How many requests of the greatest size may arrive or wait at once, asked about or not."""

_MEGABYTE = 2**20
_WORDS = _MEGABYTE  # most bytes of a request that brings no file

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Door:
    """Lets in what the page asks for, and nothing else that Gradio would answer.

    Args:
        app: what answers requests, by ASGI.
        place: the folder of the uploads; a question may name the files in it alone.
        megabytes: most that an uploaded file may have.
    """

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], place: Path, megabytes: float
    ) -> None:
        self.app = app
        self.place = place
        self.megabytes = megabytes
        self._announced = 0  # bytes of the uploads that are running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or says why it is not answered."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["path"] == JOIN:
            body = await _read(receive)
            refusal = self._refused_question(body)
            receive = _again(body, receive)
        if refusal is None:
            await self._let_in(scope, receive, send)
            return
        if refusal.status_code in (413, 503):  # else a browser that still sends never reads why
            await _read(receive, keep=False)
        await refusal(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has a request answered; room for all that an upload announces is kept meanwhile."""
        length = _length(scope) or 0 if scope["path"] == UPLOAD else 0
        self._announced += length
        try:
            await self.app(scope, receive, send)
        finally:
            self._announced -= length

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is refused by its head."""
        method, path = scope["method"], scope["path"]
        if not any(method in known.split() and re.fullmatch(way, path) for known, way in ROUTES):
            return PlainTextResponse("This page has no such address.", 404)
        if method != "POST":
            return None
        length = _length(scope)
        if length is None:
            return PlainTextResponse("The request must tell its length (Content-Length).", 411)
        most = FILES * self.megabytes * _MEGABYTE if path == UPLOAD else _WORDS
        if length > most:
            return PlainTextResponse(
                f"These files have {length / _MEGABYTE:.1f} MB together; up to "
                f"{most / _MEGABYTE:g} MB are taken at once. Give fewer files.",
                413,
            )
        # Of a running upload what has arrived counts twice: rather too few at once than too many.
        waiting = bytes_of(self.place) + self._announced if path == UPLOAD else 0
        if waiting + length > WAITING * most:
            return PlainTextResponse(
                "The page holds as many uploads as it may. Try again in a few minutes.", 503
            )
        return None

    def _refused_question(self, body: bytes) -> Response | None:
        """Why a question is refused by what it names."""
        try:
            named = list(_paths(json.loads(body)))
        except (ValueError, RecursionError):
            return PlainTextResponse("The request is no JSON.", 400)
        if all(isinstance(path, str) and is_upload(path, self.place) for path in named):
            return None
        return PlainTextResponse(
            "The request names a file that is not, or no longer, an upload of this page. "
            "Drop the file again.",
            403,
        )


def _length(scope: Scope) -> int | None:
    """Bytes that a request announces; None where it announces none, or may bring more."""
    heads = dict(scope["headers"])
    told = heads.get(b"content-length", b"").decode("latin-1")
    return int(told) if told.isdecimal() and b"transfer-encoding" not in heads else None


def _paths(content: Any) -> Iterator[Any]:
    """The files that a question names, however deep."""
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "path" in each:
                yield each["path"]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


async def _read(receive: Receive, keep: bool = True) -> bytes:
    """Reads what a request brings; without keeping it, nothing of it is held."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        if keep:
            parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives what was read once more, then what follows."""
    waiting: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Any:
        return waiting.pop() if waiting else await receive()

    return received
