"""The form of an MLflow run id; it imports nothing that takes time, as the store's modules do."""

from __future__ import annotations

import re

_RUN_ID = re.compile(r"[0-9a-f]{32}")


def is_run_id(text: str) -> bool:
    """Tells whether a text has the form of an MLflow run id."""
    return _RUN_ID.fullmatch(text) is not None
