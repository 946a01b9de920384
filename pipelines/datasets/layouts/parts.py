"""The parts that data may come split in, by the names that people give them."""

from __future__ import annotations

from pipelines.datasets.table import plain

_PARTS = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst", "holdout"),
}
_BY_NAME = {name: part for part, names in _PARTS.items() for name in names}
_YES = ("1", "1.0", "true", "yes", "y")
_NO = ("0", "0.0", "false", "no", "n")

FOLDERS = "train, val, valid, validation, test"
"""The usual names, for messages."""


def part_of(name: str) -> str | None:
    """Gives the part that a folder or a value names, or nothing.

    Examples:
        >>> part_of("Valid"), part_of("TEST"), part_of("benign")
        ('validation', 'test', None)
    """
    return _BY_NAME.get(plain(name))


def part_of_value(column: str, value: str) -> str | None:
    """Gives the part that a value of a table's column names, or nothing.

    A column called train (or test) may also hold 1 and 0, or yes and no: what is not of the one
    is of the other.

    Examples:
        >>> part_of_value("Train", "1"), part_of_value("Train", "0"), part_of_value("split", "dev")
        ('train', 'test', 'validation')
    """
    flagged = part_of(plain(column).removeprefix("is"))
    if flagged in ("train", "test") and value.casefold() in _YES + _NO:
        other = "test" if flagged == "train" else "train"
        return flagged if value.casefold() in _YES else other
    return part_of(value)
