from __future__ import annotations

import hashlib
import re

from pipelines.datasets.layouts.pseudonym import pseudonym, whole


def test_one_patient_has_one_name_that_shows_no_id() -> None:
    assert pseudonym("Doe, Jane") == "p" + hashlib.sha256(b"Doe, Jane").hexdigest()[:12]
    assert re.fullmatch("p[0-9a-f]{12}", pseudonym("Müller"))
    assert pseudonym("1600") == pseudonym(" 1600.0 ") != pseudonym("1601")
    assert pseudonym("\udce9")  # a byte that was no UTF-8


def test_whole_numbers_lose_their_fraction() -> None:
    values = ["7", "7.0", " 7.00 ", "007", "7.5", "1.0.0", "a.0", ""]
    assert [whole(value) for value in values] == ["7", "7", "7", "007", "7.5", "1.0.0", "a.0", ""]
