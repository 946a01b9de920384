"""What one check of a bundle says."""

from __future__ import annotations

from typing import Any, NamedTuple

OK, PROBLEM, UNCHECKED = "ok", "problem", "not checked"


class Verdict(NamedTuple):
    """The outcome of a check.

    Attributes:
        check: what was checked.
        problems: all that was found, in words; empty where there is none.
        unchecked: why it was not checked; "" where it was.
        remark: what one should know of it, such as on what it was checked.
    """

    check: str
    problems: tuple[str, ...] = ()
    unchecked: str = ""
    remark: str = ""

    @property
    def state(self) -> str:
        """``problem``, ``not checked`` or ``ok``."""
        return PROBLEM if self.problems else UNCHECKED if self.unchecked else OK

    def lines(self) -> list[str]:
        """The verdict in words: a line, and one for each problem."""
        because = f" because {self.unchecked}" if self.state == UNCHECKED else ""
        remark = f" ({self.remark})" if self.remark else ""
        head = f"{self.state:<12} {self.check}{because}{remark}"
        return [head, *(f"{'':<12}   {problem}" for problem in self.problems)]

    def record(self) -> dict[str, Any]:
        """The verdict for programs."""
        content: dict[str, Any] = {"check": self.check, "state": self.state}
        if self.problems:
            content["problems"] = list(self.problems)
        if self.state == UNCHECKED:
            content["reason"] = self.unchecked
        if self.remark:
            content["remark"] = self.remark
        return content
