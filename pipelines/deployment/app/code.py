"""A concept by its code, such as SNOMED CT's for a mass."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.sr.coding import Code as DicomCode

from pipelines.errors import InputError

PRIVATE = "99MED2D"
"""The coding scheme of concepts for which no public code is known; 99… is private by DICOM."""

_LONGEST_CODE, _LONGEST_MEANING = 16, 64  # letters, by PS3.5 6.2


@dataclass(frozen=True, slots=True)
class Code:
    """A concept: its code, the scheme that the code is of, and what it means in words."""

    code: str
    scheme: str
    meaning: str

    @property
    def dicom(self) -> DicomCode:
        """The concept as pydicom and highdicom take it."""
        return DicomCode(self.code, self.scheme, self.meaning)


def read_code(content: Any, place: str) -> Code:
    """Reads a concept of a bundle's metadata.

    Args:
        content: with ``code``, ``scheme`` and ``meaning``.
        place: what messages call it.

    Raises:
        InputError: something is missing, or longer than DICOM takes.
    """
    given = content if isinstance(content, Mapping) else {}
    values = [given.get(key) for key in ("code", "scheme", "meaning")]
    longest = (_LONGEST_CODE, _LONGEST_CODE, _LONGEST_MEANING)
    fits = [
        isinstance(value, str) and 0 < len(value) <= most
        for value, most in zip(values, longest, strict=True)
    ]
    if not all(fits):
        raise InputError(
            f"{place} is {content!r}; expected code, scheme (16 letters at most) and meaning (64 "
            'at most), as in {"code": "4147007", "scheme": "SCT", "meaning": "Mass"}'
        )
    return Code(*map(str, values))


def private_code(meaning: str) -> Code:
    """Gives a concept of our own for what has no public code.

    Args:
        meaning: in words; cut where DICOM takes no more.

    Examples:
        >>> private_code("Intended use")
        Code(code='INTENDED-USE', scheme='99MED2D', meaning='Intended use')
    """
    word = re.sub(r"[^A-Z0-9]+", "-", meaning.upper()).strip("-")
    if not 0 < len(word) <= _LONGEST_CODE:  # two long meanings must not share a code
        word = hashlib.sha256(meaning.encode()).hexdigest()[:_LONGEST_CODE].upper()
    return Code(word, PRIVATE, meaning[:_LONGEST_MEANING])
