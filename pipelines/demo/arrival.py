"""An upload gets a folder of its own, so that no other with the same content is the same file."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pipelines.demo.kept import in_use


def arrival(place: Path, most: int) -> Callable[[Request], Awaitable[Response]]:
    """Makes what takes uploads in place of Gradio's own route.

    Gradio names the folder of an upload after its content: two visitors with the same file would
    have it in common, and who is answered first would take it from the other. Here each request
    has a folder whose name nobody can guess. What was broken off is deleted at once; what has
    arrived may lie as long as any upload from the end of its request on, however long that took.

    Args:
        place: the folder of all uploads.
        most: bytes that a file may have.
    """
    from gradio.route_utils import upload_fn
    from gradio.routes import file_upload_statuses

    async def received(request: Request) -> Response:
        own = place / secrets.token_hex(16)
        own.mkdir(mode=0o700)
        number = request.query_params.get("upload_id")
        progress = file_upload_statuses if number else None
        try:
            with in_use([own]):
                paths, *_ = await upload_fn(
                    request, own, most, number, force_move=True, upload_progress=progress
                )
                for path in paths:
                    os.utime(path)
        except MultiPartException as error:
            shutil.rmtree(own)
            too_large = "maximum allowed size" in error.message
            return PlainTextResponse(error.message, 413 if too_large else 400)
        except BaseException:
            shutil.rmtree(own)
            raise
        return JSONResponse([str(path) for path in paths])

    return received
