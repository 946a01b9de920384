"""Made images show what a bundle is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.demo import examples as module
from pipelines.demo.examples import COUNT, examples
from pipelines.deployment.made_pictures import PHANTOM_OF


@pytest.mark.parametrize("kind", sorted(set(PHANTOM_OF.values())))
def test_images_are_made_and_no_file_is_left(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(module, "_SIZE", 96)
    bundle = next(name for name, each in PHANTOM_OF.items() if each == kind)
    made = examples(bundle)
    assert len(made) == COUNT and len({each.name for each in made}) == COUNT
    for each in made:
        assert each.pixels.dtype == "uint8" and 60 < max(each.pixels.shape) <= 96
        assert each.pixels.std() > 5
    assert list(tmp_path.iterdir()) == []


def test_of_other_bundles_there_are_none() -> None:
    assert examples("of_mine") == [] and examples("") == []
