"""Each shipped bundle has made pictures, and no mask is among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.bundles import bundle_names
from pipelines.deployment.made_pictures import PHANTOM_OF, made_pictures


def test_every_shipped_bundle_has_its_phantom() -> None:
    assert set(PHANTOM_OF) == set(bundle_names())


@pytest.mark.parametrize("phantom", sorted(set(PHANTOM_OF.values())))
def test_pictures_are_as_many_as_asked_for_and_no_masks(phantom: str, tmp_path: Path) -> None:
    files = made_pictures(phantom, tmp_path / "mask_trial", count=2, seed=1, size=64)
    assert len(files) == 2 and all(path.is_file() for path in files)
    for path in files:
        assert len(np.unique(np.asarray(Image.open(path)))) > 10
