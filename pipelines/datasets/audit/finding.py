"""One thing that the audit found, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("error", "warning", "note")
"""From the gravest on; an error makes the audit fail."""


@dataclass(frozen=True)
class Finding:
    """One thing that the audit found.

    Attributes:
        check: which check found it, such as ``group-leak``.
        severity: one of ``SEVERITIES``.
        title: what was found, with its number, as one short clause.
        meaning: what it means for who trains or scores on the data; one or two sentences.
        advice: what to do; one or two sentences.
        images: the paths in the folder, each once, in the order of the dataset; or the most
            striking first, where ``details`` says by what they are ranked.
        details: more of it, as JSON holds it; ``pairs`` are drawn side by side.
    """

    check: str
    severity: str
    title: str
    meaning: str = ""
    advice: str = ""
    images: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of it in a few sentences."""
        return " ".join(part for part in (f"{self.title}.", self.meaning, self.advice) if part)

    def content(self) -> dict[str, Any]:
        """Gives the finding as audit.json holds it."""
        return {
            "check": self.check,
            "severity": self.severity,
            "text": self.text,
            "title": self.title,
            "meaning": self.meaning,
            "advice": self.advice,
            "count": len(self.images),
            "images": list(self.images),
            "details": dict(self.details),
        }


def number(count: int, one: str, many: str | None = None) -> str:
    """Writes a number with its noun.

    Examples:
        >>> number(1, "image"), number(1200, "image"), number(2, "mask is", "masks are")
        ('1 image', '1,200 images', '2 masks are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Writes a share as a percentage that is not rounded to nothing or to all.

    Examples:
        >>> percent(0.5), percent(0.004), percent(0.9996), percent(0.0), percent(1.0)
        ('50 %', '0.4 %', '99.96 %', '0 %', '100 %')
    """
    if share in (0, 1) or 0.01 <= share <= 0.99:
        return f"{100 * share:.0f} %"
    near = min(share, 1 - share)
    return f"{100 * share:.{1 if near >= 0.001 else 2}f} %"
