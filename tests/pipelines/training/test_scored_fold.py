from __future__ import annotations

from typing import Any

import pytest

from pipelines.training.scored_fold import scores_fold

SCORER = {"_target_": "…", "handler": "@scorer"}


@pytest.mark.parametrize(
    ("config", "scored"),
    [
        ({}, True),
        ({"train": {"handlers": ["@other", {"_target_": "…"}, SCORER]}}, True),
        ({"train": {"handlers": [{**SCORER, "_disabled_": True}]}}, False),
        ({"train": {"handlers": [{**SCORER, "handler": "@average", "_disabled_": True}]}}, True),
    ],
)
def test_only_what_scores_counts(config: dict[str, Any], scored: bool) -> None:
    assert scores_fold(config) is scored
