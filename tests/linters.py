"""Programs that check files which are no Python, as the extra ``dev`` installs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program of this environment; a machine of CI must have it."""
    found = Path(sys.executable).parent / name
    if not found.exists() and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing; the extra dev brings it")
    return str(found) if found.exists() else pytest.skip(f"{name} is not installed")
