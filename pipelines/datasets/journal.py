"""What a conversion has finished, line by line, so that a stopped one can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from pipelines.datasets.record import Record


class Note(Protocol):
    """Called with the name of a finished image and its record."""

    def __call__(self, name: str, record: Record) -> None:
        """Takes it down."""


def read(path: Path) -> dict[str, Record]:
    """Reads a journal.

    Args:
        path: the file; it need not exist.

    Returns:
        The records by name. A line that a kill cut short is passed over; of two lines about one
        name the later counts.
    """
    records: dict[str, Record] = {}
    if not path.is_file():
        return records
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                content = json.loads(line)
                name = content.pop("name")
                content["problems"] = ()
                spacing = content["spacing"]
                content["spacing"] = tuple(spacing) if spacing else None
                records[name] = Record(**content)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return records


@contextmanager
def writing(path: Path) -> Iterator[Note]:
    """Opens a journal to go on with it.

    Args:
        path: the file.

    Yields:
        A function that takes down a name and its record. It reaches the operating system at once,
        so that not even a kill loses it.
    """
    with path.open("a", encoding="utf-8") as file:

        def note(name: str, record: Record) -> None:
            # The new line comes first: the last one may have been cut short.
            line = json.dumps({"name": name, **asdict(record)})
            file.write(f"\n{line}")
            file.flush()

        yield note
