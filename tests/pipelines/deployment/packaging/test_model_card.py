"""The card says what is missing, and writes every kind of operating point."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.deployment.packaging.model_card import _point, _table
from pipelines.deployment.packaging.operating_point import (
    CLASS_THRESHOLD,
    GATE,
    KIND,
    MOST_PROBABLE,
    PIXEL_THRESHOLD,
)

CHOSEN = {"chosen_on": "the validation fold", "threshold": 0.25}


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (None, "None was chosen"),
        ({KIND: MOST_PROBABLE}, "most probable class"),
        (
            {
                KIND: CLASS_THRESHOLD,
                "class": "tumour",
                "target": "sensitivity",
                "least": 1,
                **CHOSEN,
            },
            "is called tumour from a probability of 0.2500 on, chosen on the validation fold",
        ),
        (
            {KIND: PIXEL_THRESHOLD, "target": "mean Dice", "scored_at": 0.5, **CHOSEN},
            "from a probability of 0.25 on, which was chosen on the validation fold",
        ),
        ({KIND: GATE, "runs": [{"gate": 0.1}, {"gate": 0.25}], **CHOSEN}, "gate of 0.100, 0.250"),
    ],
)
def test_an_operating_point_in_words(point: dict[str, Any] | None, expected: str) -> None:
    assert expected in _point(point)


def test_a_table_shows_value_interval_and_n() -> None:
    rows = [
        {
            "name": "Dice",
            "value": 0.7123,
            "low": 0.61,
            "high": 0.8,
            "level": 0.9,
            "n": 7,
            "unit": "images",
            "groups": 5,
        },
        {"name": "Other", "value": None, "low": None, "high": None},
    ]
    lines = "\n".join(_table(rows))
    assert "90% interval" in lines and "| Dice | 0.712 | 0.610 to 0.800 | 7 images | 5 |" in lines
    assert "| Other | \N{EN DASH} | \N{EN DASH} |" in lines
