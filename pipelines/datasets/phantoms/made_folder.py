"""What all folders of made images have in common: numbers, shares of classes, what may go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pipelines.datasets.staging import Replaceable
from pipelines.errors import InputError


def check_numbers(count: int, seed: int, size: int, smallest: int) -> None:
    """Refuse numbers that no data set can be made of.

    Args:
        count: Images, at least 1.
        seed: Not negative.
        size: The longest side, pixels.
        smallest: The least `size` at which the anatomy is still to be seen.

    Raises:
        InputError: If a number is out of range.
    """
    least = {"count": (count, 1), "seed": (seed, 0), "size": (size, smallest)}
    for name, (value, lowest) in least.items():
        if value < lowest:
            msg = f"{name} is {value}; expected {lowest} or more. Give a larger {name}"
            raise InputError(msg)


def most_wanting(shares: Mapping[str, float], made: Counter[str], among: Iterable[str]) -> str:
    """Choose the class that comes next: one that is missing yet, else the one that lags most.

    Args:
        shares: Of the classes, summing to 1.
        made: How many there are of each.
        among: The classes to choose from, in the order in which equals are chosen.
    """
    total = made.total() + 1
    return max(among, key=lambda name: (made[name] == 0, shares[name] * total - made[name]))


def replaceable(is_made: Callable[[Path, Path], bool]) -> Replaceable:
    """Describe folders that hold nothing but what `is_made(path, out)` recognises as ours."""

    def flaw(out: Path) -> str | None:
        for path in sorted(out.rglob("*")):
            if not is_made(path, out):
                return f"holds {path.relative_to(out)}, which no phantom run made"
        return None

    return Replaceable("a set of made images", flaw)
