"""What all folders of made images have in common."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines.datasets.phantoms.made_folder import check_numbers, most_wanting, replaceable
from pipelines.errors import InputError


@pytest.mark.parametrize(
    ("numbers", "named"), [((0, 0, 64), "count"), ((1, -1, 64), "seed"), ((1, 0, 63), "size")]
)
def test_impossible_numbers_are_refused(numbers: tuple[int, int, int], named: str) -> None:
    with pytest.raises(InputError, match=f"{named} is .*expected .* Give a larger {named}"):
        check_numbers(*numbers, smallest=64)
    check_numbers(1, 0, 64, smallest=64)


def test_the_missing_class_comes_first_then_the_lagging_one() -> None:
    shares = {"rare": 0.1, "often": 0.9}
    made: Counter[str] = Counter()
    for _ in range(50):
        made[most_wanting(shares, made, shares)] += 1
        assert made.total() < 2 or len(made) == 2
    assert made == {"rare": 5, "often": 45}
    assert most_wanting(shares, made, ["rare"]) == "rare"


def test_what_is_not_ours_is_named(tmp_path: Path) -> None:
    kind = replaceable(lambda path, out: path.name != "mine.txt")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "theirs.txt").touch()
    assert kind.flaw(tmp_path) is None
    (tmp_path / "ours" / "mine.txt").touch()
    assert kind.flaw(tmp_path) == "holds ours/mine.txt, which no phantom run made"
