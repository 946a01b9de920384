"""A port is taken before work begins; no file is answered but uploads, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from PIL import Image
from starlette.requests import ClientDisconnect

from pipelines.demo import door
from pipelines.demo.kept import own_place
from pipelines.demo.model import Model
from pipelines.demo.server import POLICY, OnlyFromHere, address_of, application, taken
from pipelines.demo.upload import MIDDLE
from pipelines.errors import InputError
from tests.pipelines.demo.conftest import noise


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_one_line(busy: int) -> None:
    with pytest.raises(InputError) as caught:
        taken("127.0.0.1", busy)
    assert str(caught.value) == (
        f"127.0.0.1:{busy} cannot be listened on (Address already in use); end the program that "
        "does, or choose another --port"
    )


def test_a_free_port_is_ours_alone() -> None:
    with taken("127.0.0.1", 0) as bound:
        host, port = bound.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(InputError, match="choose another --port"):
            taken("127.0.0.1", port)


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(InputError, match=r"--host no\.such\.host\.invalid is no address"):
        taken("no.such.host.invalid", 0)
    with pytest.raises(
        InputError, match=r"--host 192\.168\.\.1 is no address \(no name is written"
    ):
        taken("192.168..1", 0)
    with pytest.raises(InputError, match=r"192\.0\.2\.1:0 cannot be listened on"):
        taken("192.0.2.1", 0)  # for documentation: no machine has it


@pytest.mark.parametrize(
    ("host", "address"), [("0.0.0.0", "http://127.0.0.1:"), ("127.0.0.1", "http://127.0.0.1:")]
)
def test_the_address_is_one_that_a_browser_opens(host: str, address: str) -> None:
    with taken(host, 0) as bound:
        assert address_of(bound) == f"{address}{bound.getsockname()[1]}"


def test_who_goes_away_is_let_go() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ClientDisconnect

    asyncio.run(OnlyFromHere(app)({"type": "http"}, None, None))  # type: ignore[arg-type]


def test_every_answer_carries_the_policy() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(OnlyFromHere(app)({"type": "http"}, None, send))  # type: ignore[arg-type]
    headers = dict(sent[0]["headers"])
    assert headers[b"content-security-policy"].decode() == POLICY and headers[b"a"] == b"b"
    assert "default-src 'self'" in POLICY and "http" not in POLICY
    assert sent[1] == {"type": "http.response.body", "body": b""}


class Page(NamedTuple):
    """A page that is served: who asks it, and where its uploads lie."""

    client: httpx.Client
    place: Path

    def upload(self, *files: Path) -> httpx.Response:
        parts = [("files", (path.name, path.read_bytes())) for path in files]
        return self.client.post("/gradio_api/upload", files=parts)

    def ask(self, *paths: str) -> httpx.Response:
        """Asks for the answer to files, as a browser does that has uploaded them."""
        files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
        session = secrets.token_hex(8)
        question = {"data": [files, MIDDLE], "fn_index": 0, "session_hash": session}
        joined = self.client.post("/gradio_api/queue/join", json=question)
        joined.extensions["session"] = session
        return joined

    def answer(self, joined: httpx.Response) -> str:
        """Waits for the answer to a question that was taken."""
        assert joined.status_code == 200, joined.text
        told = {"session_hash": joined.extensions["session"]}
        with self.client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line.removeprefix("data:"))
                    if message["msg"] == "process_completed":
                        return json.dumps(message["output"])
        raise AssertionError("no answer came")

    def files(self) -> list[Path]:
        return [path for path in self.place.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, classifier: Model) -> Iterator[Page]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("place")))
        with own_place() as place, taken("127.0.0.1", 0) as bound:
            from pipelines.demo.page import page

            app = application(page(classifier, [], 1, place), place, 1)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
            thread.start()
            with httpx.Client(base_url=address_of(bound), timeout=60, trust_env=False) as client:
                yield Page(client, place)
            server.should_exit = True
            thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture of this machine that nobody has uploaded."""
    path = tmp_path / "secret.png"
    Image.fromarray(noise(5)).save(path)
    return path


def test_a_file_of_the_machine_is_not_answered_by_its_path(served: Page, secret: Path) -> None:
    link = served.place / "link.png"
    link.symlink_to(secret)
    for path in (str(secret), str(link), "/etc/passwd", "http://127.0.0.1:9/a.png"):
        joined = served.ask(path)
        assert joined.status_code == 403, path
        assert "not, or no longer, an upload of this page" in joined.text
    link.unlink()
    assert served.files() == []


def test_gradio_looks_too(served: Page, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "is_upload", lambda path, place: True)
    answer = served.answer(served.ask(str(secret)))
    assert "was not uploaded by a user" in answer and "data:image" not in answer
    assert secret.is_file() and served.files() == []


def test_two_visitors_with_the_same_file_have_one_each(served: Page, picture_file: Path) -> None:
    uploads = [served.upload(picture_file).json() for _ in range(2)]
    arriving = served.place / "another" / "tmp1"
    arriving.parent.mkdir()
    arriving.write_bytes(b"")
    assert uploads[0] != uploads[1]
    for paths in uploads:
        answer = served.answer(served.ask(*paths))
        assert "data:image" in answer and "not answered" not in answer
        assert str(served.place) not in answer
    assert served.files() == [arriving]
    assert served.ask(*uploads[0]).status_code == 403
    arriving.unlink()
    arriving.parent.rmdir()


def test_what_is_too_large_is_not_kept(served: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"\0" * (2**20 + 1))
    answer = served.upload(large)
    assert answer.status_code == 413 and "maximum allowed size" in answer.text
    answer = served.upload(*[large] * 11)
    assert answer.status_code == 413 and "up to 10 MB are taken at once" in answer.text
    assert served.files() == []


def test_other_doors_are_shut(served: Page, picture_file: Path) -> None:
    files = {"file": ("a.png", picture_file.read_bytes())}
    assert served.client.post("/gradio_api/process_recording", files=files).status_code == 404
    assert served.client.get(f"/gradio_api/file={picture_file}").status_code == 404
    assert served.client.get("/").status_code == 200
    assert served.files() == []
