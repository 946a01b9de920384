"""Serve the page on an address of this machine until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

from pipelines.demo.door import UPLOAD, Door, Receive, Scope, Send
from pipelines.errors import InputError

if TYPE_CHECKING:
    from gradio import Blocks

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
"""What the browser may load: nothing from another address, whatever the page asks for."""

_SECONDS = 2  # that open connections get when the server ends


class OnlyFromHere:
    """Tells the browser to load nothing from any other address; one that goes away is let go.

    Args:
        app: what answers requests, by ASGI.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""

        async def send_with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = [
                    (b"content-security-policy", POLICY.encode()),
                    (b"referrer-policy", b"no-referrer"),
                    (b"x-content-type-options", b"nosniff"),
                ]
                message = {**message, "headers": [*message.get("headers", ()), *own]}
            await send(message)

        with suppress(ClientDisconnect):  # who gives up an upload is no failure of ours
            await self.app(scope, receive, send_with_policy)


def taken(host: str, port: int) -> socket.socket:
    """Takes a port before anything that lasts is done.

    Args:
        host: name or address of this machine.
        port: 0 for any that is free.

    Raises:
        InputError: another program has it, it may not be had, or there is no such address here.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # UnicodeError: no name at all, such as a..b
        reason = error.strerror if isinstance(error, OSError) else "no name is written so"
        raise InputError(
            f"--host {host} is no address ({reason}); expected one of this machine, such as "
            "127.0.0.1"
        ) from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen()
    except OSError as error:
        bound.close()
        raise InputError(
            f"{host}:{port} cannot be listened on ({error.strerror}); end the program that does, "
            "or choose another --port"
        ) from error
    return bound


def address_of(bound: socket.socket) -> str:
    """Gives the address that a browser opens; of all addresses of this machine the local one."""
    host, port = bound.getsockname()[:2]
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"


def application(blocks: Blocks, place: Path, megabytes: float) -> OnlyFromHere:
    """Makes what answers the requests of a page, by ASGI.

    Args:
        blocks: the page.
        place: the folder of the uploads.
        megabytes: most that an uploaded file may have.
    """
    import gradio as gr
    from fastapi import FastAPI

    from pipelines.demo.arrival import arrival
    from pipelines.demo.page import look

    most = int(megabytes * 2**20)
    own = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    own.add_route(UPLOAD, arrival(place, most), methods=["POST"])
    app = gr.mount_gradio_app(
        own,
        blocks,
        path="",
        footer_links=[],
        run_history=False,
        max_file_size=most,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        **look(),
    )
    # Gradio looks whether a file was uploaded only where it believes that it serves by itself.
    blocks.has_launched = True
    return OnlyFromHere(Door(app, place, megabytes))


def serve(
    blocks: Blocks, bound: socket.socket, place: Path, megabytes: float, started: str
) -> None:
    """Serves a page until Ctrl-C.

    Args:
        blocks: the page.
        bound: where to listen.
        place: the folder of the uploads.
        megabytes: most that an uploaded file may have.
        started: line that is printed when it listens.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    import click
    import uvicorn

    config = uvicorn.Config(
        application(blocks, place, megabytes),
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_SECONDS,
    )
    click.echo(started)
    uvicorn.Server(config).run(sockets=[bound])
