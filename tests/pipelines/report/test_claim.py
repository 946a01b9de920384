from __future__ import annotations

import re
from pathlib import Path

from pipelines.report.checklist import ANSWERED, OPEN
from pipelines.report.claim import CLAIM

TEMPLATE = Path(__file__).parents[3] / "pipelines" / "report" / "page.html.j2"


def test_every_item_is_there_once_and_in_order() -> None:
    assert [item.number for item in CLAIM.items] == [str(number) for number in range(1, 45)]


def test_every_item_says_where_it_is_told_or_what_to_add() -> None:
    for item in CLAIM.items:
        assert bool(item.place) == (item.best != OPEN), item
        assert item.add or (item.best == ANSWERED and not item.needs), item


def test_every_place_is_a_section_of_the_page() -> None:
    sections = set(re.findall(r'<(?:section|header) id="(\w+)"', TEMPLATE.read_text("utf-8")))
    assert {item.place for item in CLAIM.items} - {""} <= sections
