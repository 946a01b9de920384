"""Load the next picture in a thread, while the network answers the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from monai.data import DataLoader

_END = object()


class AheadLoader(DataLoader):
    """MONAI's loader, one batch ahead in a thread of this process where it has no workers.

    Decoding and resizing leave Python's lock, so a second core does them; no process has to start,
    and no picture passes between two. MONAI's ``ThreadDataLoader`` does the same but ends in
    silence, as though there were no more pictures, where one cannot be loaded; here the error
    reaches the caller in its turn.

    Args:
        **arguments: those of ``monai.data.DataLoader``. With ``num_workers`` processes load ahead
            and there is no thread.
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """The batches in their order."""
        batches = super().__iter__()
        if self.num_workers:
            yield from batches
            return
        with ThreadPoolExecutor(1, "ahead") as thread:
            ahead = thread.submit(next, batches, _END)
            while (batch := ahead.result()) is not _END:
                ahead = thread.submit(next, batches, _END)
                yield batch
