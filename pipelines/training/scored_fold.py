"""Whether a run scores its own fold when it has trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCORER = "@scorer"
"""What scores the fold, in every bundle's list of handlers."""


def scores_fold(config: Mapping[str, Any]) -> bool:
    """Whether a run scores its fold: a search takes what does so out of its trials.

    Args:
        config: the run's configuration, references kept.
    """
    handlers = config.get("train", {}).get("handlers", [])
    given = [each for each in handlers if isinstance(each, Mapping)]
    return not any(each.get("handler") == SCORER and each.get("_disabled_") for each in given)
