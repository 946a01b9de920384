from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.datasets.sources.mask_file import MaskFile
from pipelines.datasets.sources.source import MOST_PIXELS, check_pixels, files_of
from transforms.picture import PictureError


@dataclass(frozen=True)
class Several:
    first: Path
    others: tuple[Path, ...]
    named: dict[str, Path] = field(default_factory=dict)
    number: int = 3


def test_the_files_of_a_source_are_its_fields_that_hold_paths() -> None:
    a, b, c = (Path(name) for name in "abc")
    assert files_of(Several(a, (b,), {"x": c})) == [a, b, c]  # type: ignore[arg-type]
    assert files_of(MaskFile(a, {38: 1}, "source/a.png")) == [a]


def test_too_many_pixels_are_refused_with_the_limit() -> None:
    check_pixels(2**14, 2**13, "x")
    with pytest.raises(PictureError, match=rf"x is 16385 x 8192 pixels .*limit is {MOST_PIXELS}"):
        check_pixels(2**14 + 1, 2**13, "x")
