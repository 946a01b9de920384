"""Several files given at once: each is answered, or told why not; none spoils the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.demo.model import Model
from pipelines.demo.reply import Reply, replied
from pipelines.demo.upload import Given, pictures_of
from pipelines.errors import InputError
from transforms.picture import PictureError

MOST = 100
"""Pictures that are answered at once: what is left of a long sequence is told of."""

PICTURED = 12
"""Pictures that are shown; the others stand in the table alone."""

_LOG = logging.getLogger("med2d")
_REFUSED = (PictureError, InputError)


class File(NamedTuple):
    """A file that was given.

    Attributes:
        path: where it is.
        name: what it is called.
    """

    path: Path
    name: str


def answered(
    model: Model,
    files: Sequence[File],
    frames: str,
    megabytes: float,
    report: Callable[[int, int], object] = lambda done, of: None,
) -> list[Reply]:
    """Answers all pictures of all files.

    Args:
        model: what answers.
        files: in the order in which they are answered.
        frames: which frames of a file of several; one of ``upload.FRAMES``.
        megabytes: most that a file, and a picture of it unpacked, may have.
        report: is told how many pictures are answered, of how many.

    Returns:
        One reply for each picture; one with a problem for a file or a frame that cannot be
        answered, and for each file whose pictures are more than ``MOST`` together.
    """
    waiting: list[Given | Reply] = []
    room = MOST
    for file in files:
        found = _pictures(file, frames, megabytes)
        pictures = [each for each in found if isinstance(each, Given)]
        waiting += pictures[:room] if pictures else found
        if len(pictures) > room:
            waiting.append(_left_out(file.name, len(pictures) - room, len(pictures)))
        room = max(0, room - len(pictures))
    replies: list[Reply] = []
    for done, each in enumerate(waiting):
        report(done, len(waiting))
        told = each if isinstance(each, Reply) else _answer(model, each, len(replies) < PICTURED)
        replies.append(told)
    return replies


def _pictures(file: File, frames: str, megabytes: float) -> list[Given | Reply]:
    try:
        return list(pictures_of(file.path, file.name, frames, megabytes))
    except _REFUSED as error:
        return [Reply(file.name, problem=str(error))]
    except Exception as error:
        return [_failed(file.name, error)]


def _answer(model: Model, given: Given, pictured: bool) -> Reply:
    try:
        return replied(model, given.read(), given.name, pictured)
    except _REFUSED as error:
        return Reply(given.name, problem=str(error))
    except Exception as error:
        return _failed(given.name, error)


def _failed(name: str, error: Exception) -> Reply:
    """Tells of what nobody foresaw; the terminal has the whole of it."""
    _LOG.exception("a picture could not be answered")
    return Reply(
        name,
        problem=f"{name} could not be answered ({_kind(error)}); the terminal in which the page "
        "was started shows where",
    )


def _kind(error: Exception) -> str:
    """What failed, without the words of the error: paths of this machine may stand in them."""
    told = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def _left_out(name: str, count: int, of: int) -> Reply:
    which = name if of == 1 else f"{count} of the {of} pictures of {name}"
    return Reply(
        name,
        problem=f"{which} {'is' if count == 1 else 'are'} not answered: {MOST} pictures at once "
        "are the limit. Give fewer, or answer a folder by monai.bundle run",
    )
