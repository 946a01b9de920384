"""Text that can be printed and written, whatever a file is called."""

from __future__ import annotations

import os


def printable(text: str) -> str:
    r"""Spells out the bytes of a file's name that are no UTF-8.

    Examples:
        >>> printable("M\udcfcller.dcm")
        'M\\xfcller.dcm'
    """
    return os.fsencode(text).decode("utf-8", errors="backslashreplace")
