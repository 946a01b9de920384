"""A regular expression that takes a patient or a class out of a path."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.errors import InputError


@dataclass(frozen=True)
class PathPattern:
    r"""A regular expression with one group, such as ``(patient\d+)``.

    Attributes:
        option: the option that gave it, such as ``--group-pattern``.
        expression: the compiled expression.
    """

    option: str
    expression: re.Pattern[str]

    def of(self, source: str) -> str | None:
        """Gives what the group matches first in a path; nothing where it does not match."""
        match = self.expression.search(source)
        return (match[1] or None) if match else None

    def unmatched(self, source: str) -> str:
        """Says that a path does not match."""
        return (
            f'image "{source}" does not match {self.option} {self.expression.pattern}; correct the '
            "expression, or take the image out"
        )


def read_pattern(option: str, text: str | None) -> PathPattern | None:
    """Reads the expression that a person gave.

    Args:
        option: such as ``--group-pattern``.
        text: the expression, or nothing.

    Raises:
        InputError: it is no regular expression, or has not one group.
    """
    if not text:
        return None
    try:
        expression = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"{option} {text} is no regular expression: {error}") from None
    if expression.groups != 1:
        raise InputError(
            f"{option} {text} has {expression.groups} groups; expected one pair of round brackets "
            r"around what counts, such as (patient\d+)"
        )
    return PathPattern(option, expression)
