"""Group names that do not show who a patient is."""

from __future__ import annotations

import hashlib
import re

PATIENTS = "patient ids of the data, joined with near-duplicate clusters"
"""The grouping of data that says whose images they are."""


def pseudonym(value: str) -> str:
    """Gives a name for a patient by which their images stay together, but which shows no id.

    The same patient gets the same name in every data set, so that two of them can be joined. It is
    no anonymisation: who knows the list of possible ids can hash them all and compare.

    Args:
        value: the patient's id or name; ``1600``, ``1600.0`` and `` 1600 `` are one patient.

    Returns:
        ``p`` and the first 12 hexadecimal digits of the SHA-256 of the value.

    Examples:
        >>> pseudonym("1600")
        'pb458944d9ec4'
        >>> pseudonym("1600.0") == pseudonym(" 1600")
        True
    """
    return "p" + hashlib.sha256(whole(value).encode("utf-8", "replace")).hexdigest()[:12]


def whole(value: str) -> str:
    """Takes spaces off, and the fraction that spreadsheets append to whole numbers.

    Examples:
        >>> whole(" 1600.0")
        '1600'
        >>> whole("1.2.0")
        '1.2.0'
    """
    stripped = value.strip()
    return re.sub(r"(?<=[0-9])\.0+", "", stripped) if _is_whole(stripped) else stripped


def _is_whole(value: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+(\.0+)?", value) is not None
