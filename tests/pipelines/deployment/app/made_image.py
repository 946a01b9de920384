"""An image of a study, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.deployment.app.study_image import StudyImage


def made_image(**other: Any) -> StudyImage:
    """Makes an ultrasound still of a breast, or what ``other`` says."""
    values: dict[str, Any] = {
        "path": Path("a.dcm"),
        "name": "a.dcm",
        "frames": 1,
        "study": "1.2",
        "series": "1.2.1",
        "instance": "1.2.1.1",
        "modality": "US",
        "body_part": "BREAST",
        "spacing": None,
    }
    return StudyImage(**{**values, **other})
