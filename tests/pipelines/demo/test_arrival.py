"""Each upload gets a folder of its own; what was broken off leaves none."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from pipelines.demo.arrival import arrival
from pipelines.demo.kept import own_place, sweep

BODY = (
    b"--cut\r\n"
    b'Content-Disposition: form-data; name="files"; filename="../a.png"\r\n\r\n'
    b"123\r\n"
    b"--cut--\r\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with own_place():
        yield tmp_path


def sent(
    place: Path,
    *parts: bytes,
    ended: bool = True,
    before: Callable[[], object] = lambda: None,
) -> Any:
    """The answer to an upload that comes in parts, and may be broken off.

    Args:
        place: the folder of all uploads.
        parts: of the upload.
        ended: whether the last of them ends it.
        before: what happens before each part.
    """
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting[-1]["more_body"] = not ended

    async def receive() -> Any:
        before()
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    heads = [(b"content-type", b"multipart/form-data; boundary=cut")]
    scope = {"type": "http", "method": "POST", "headers": heads, "query_string": b""}
    return asyncio.run(arrival(place, 3)(Request(scope, receive)))  # type: ignore[arg-type]


def test_the_same_file_is_another_each_time(place: Path) -> None:
    answers = [sent(place, BODY[:50], BODY[50:]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    files = [path for path in place.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"123", b"123"]
    assert {path.name for path in files} == {"a.png"}
    assert sorted(answer.body.decode() for answer in answers) == sorted(
        f'["{path}"]' for path in files
    )
    for path in files:
        assert place in path.parents and path.parents[1].stat().st_mode & 0o077 == 0
        path.unlink()
        path.parent.rmdir()
        path.parents[1].rmdir()


def test_what_does_not_arrive_whole_leaves_nothing(place: Path) -> None:
    assert sent(place, BODY.replace(b"123", b"1234")).status_code == 413
    assert sent(place, BODY.replace(b"--cut", b"--cat", 1)).status_code == 400
    with pytest.raises(ClientDisconnect):
        sent(place, BODY[:90], ended=False)
    assert list(place.iterdir()) == []


def test_of_a_slow_upload_nothing_is_swept(place: Path) -> None:
    def minutes_pass() -> None:
        for path in place.rglob("*"):
            os.utime(path, (0, 0))
        sweep(place)

    first = BODY.removesuffix(b"--cut--\r\n")
    answer = sent(place, first, BODY[:20], BODY[20:], before=minutes_pass)
    assert answer.status_code == 200
    sweep(place)
    files = [path for path in place.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"123"] and str(
        files[0]
    ) in answer.body.decode()
