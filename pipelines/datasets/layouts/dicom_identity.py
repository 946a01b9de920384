"""Who a DICOM file is of: enough to keep a patient's images together, and no more."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from pipelines.datasets.layouts.pseudonym import pseudonym
from pipelines.datasets.sources.dicom_header import text

_PEOPLE = ("PatientName", "OtherPatientNames")
_NUMBERS = ("PatientID", "OtherPatientIDs", "PatientBirthDate")
_OTHERS = (
    "AccessionNumber",
    "StudyID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "ReferringPhysicianName",
    "InstitutionName",
)
_SHORTEST = 3  # letters or digits that can give somebody away
_WITHIN = 5  # from this length on, also inside a longer word
_NOBODY = frozenset({
    "anon", "anonym", "anonymous", "anonymized", "anonymised", "patient", "name", "unknown", "none",
    "test", "case", "image",
})  # fmt: skip
_MARK = "\x1f"  # between the parts of what is hashed


@dataclass(frozen=True)
class Identity:
    """How patients are told apart, and what of it may be seen.

    Attributes:
        by: ``patient`` or ``study``.
        salt: text that goes into every hash, so that guessed ids cannot be compared.
        keep: whether ids stay as they are.
    """

    by: str = "patient"
    salt: str = ""
    keep: bool = False

    def group(self, elements: Dataset) -> str | None:
        """Gives the group of a file.

        It is made of PatientID and, where there is one, IssuerOfPatientID; of StudyInstanceUID
        where there is no PatientID, or where studies are asked for.

        Args:
            elements: the header.

        Returns:
            ``p`` and 12 hexadecimal digits (the id itself where ids are kept), or nothing where
            the header names neither patient nor study.
        """
        patient = text(elements, "PatientID") if self.by == "patient" else ""
        issuer = text(elements, "IssuerOfPatientID") if patient else ""
        parts = [patient or text(elements, "StudyInstanceUID"), issuer]
        known = [part for part in parts if part]
        if not known:
            return None
        if self.keep:
            return " ".join(known)
        return pseudonym(_MARK.join([self.salt, *known] if self.salt else known))


def secrets(elements: Dataset, patient_only: bool = False) -> frozenset[str]:
    """Gives what must not be seen of a header, in small letters.

    Args:
        elements: the header.
        patient_only: whether only the patient's names, ids and date of birth count; else also
            UIDs, other numbers, the referring physician and the institution.

    Returns:
        Words of names, and whole numbers and UIDs, of three letters or digits and more.
        ``anonymous`` and the like are nobody.
    """
    found = [word for keyword in _PEOPLE for word in _words(text(elements, keyword).casefold())]
    whole = _NUMBERS if patient_only else (*_NUMBERS, *_OTHERS)
    found += [text(elements, keyword).casefold() for keyword in whole]
    return frozenset(
        secret for secret in found if len(_joined(secret)) >= _SHORTEST and secret not in _NOBODY
    )


def reveals(words: str, hidden: frozenset[str]) -> bool:
    """Tells whether a text holds a secret.

    Short ones (3 and 4 letters or digits) count where they stand alone, longer ones also inside a
    word, with or without the marks between their parts.

    Args:
        words: such as a file's path.
        hidden: what ``secrets`` gives.
    """
    folded = words.casefold()
    alone, joined = set(_words(folded)), _joined(folded)
    return any(
        secret in alone or (len(_joined(secret)) >= _WITHIN and _joined(secret) in joined)
        for secret in hidden
    )


def _words(folded: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded)


def _joined(folded: str) -> str:
    return "".join(_words(folded))
