from __future__ import annotations

import re
from pathlib import Path

from pipelines.report.checklist import ANSWERED, OPEN
from pipelines.report.tripod import TRIPOD

NUMBERS = re.findall(
    r"\w+",
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 "
    "14 15 16 17 18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c",
)

TEMPLATE = Path(__file__).parents[3] / "pipelines" / "report" / "page.html.j2"


def test_every_item_is_there_once_and_in_order() -> None:
    assert [item.number for item in TRIPOD.items] == NUMBERS


def test_every_item_says_where_it_is_told_or_what_to_add() -> None:
    for item in TRIPOD.items:
        assert bool(item.place) == (item.best != OPEN), item
        assert item.add or (item.best == ANSWERED and not item.needs), item


def test_every_place_is_a_section_of_the_page() -> None:
    sections = set(re.findall(r'<(?:section|header) id="(\w+)"', TEMPLATE.read_text("utf-8")))
    assert {item.place for item in TRIPOD.items} - {""} <= sections
