"""A picture of another kind is told from the training images, and one of their kind is not."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipelines.datasets import picture
from pipelines.deployment.unlike_images import LEAST, fit, is_unlike, unlikeness
from pipelines.errors import InputError

REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[4] / "shared" / "data"))


def made(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blurred noise of a brightness and a contrast that vary, 60 high and 80 wide."""
    noise = gaussian_filter(rng.normal(size=(60, 80)), rng.uniform(1.5, 3))
    level, contrast = rng.uniform(60, 120), rng.uniform(20, 40)
    return np.clip(level + contrast * noise / noise.std(), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return fit(made(rng) for _ in range(150))


def test_what_is_kept_is_small_and_goes_through_json(fitted: dict[str, Any]) -> None:
    text = json.dumps(fitted)
    assert len(text) < 8000 and fitted["images"] == 150
    new = made(np.random.default_rng(1))
    assert unlikeness(new, json.loads(text)) == unlikeness(new, fitted)


def test_few_images_of_the_same_kind_are_flagged(fitted: dict[str, Any]) -> None:
    rng = np.random.default_rng(2)
    flagged = [is_unlike(made(rng), fitted) for _ in range(150)]
    assert np.mean(flagged) < 0.06  # 0.02 is meant; 150 images each leave room
    assert 0.3 < unlikeness(made(rng), fitted) < 1.2


def test_other_kinds_of_images_are_flagged(fitted: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    own = made(rng)
    coloured = np.stack([own, own // 3, own // 2], axis=-1)
    drawn = np.full((60, 80), 255, np.uint8)
    drawn[20:24, 10:70] = 0
    others = {
        "noise": rng.integers(0, 256, (60, 80), np.uint8),
        "colours": coloured,
        "a drawing": drawn,
        "one grey": np.full((60, 80), 90, np.uint8),
        "bright": np.clip(own.astype(int) + 120, 0, 255).astype(np.uint8),
    }
    assert {name for name, each in others.items() if not is_unlike(each, fitted)} == set()


def test_size_and_depth_do_not_matter(fitted: dict[str, Any]) -> None:
    own = np.kron(made(np.random.default_rng(4)), np.ones((4, 4), np.uint8))
    here = unlikeness(own, fitted)
    large = np.kron(own, np.ones((2, 2), np.uint8))
    assert unlikeness(large, fitted) == pytest.approx(here, abs=1e-6)
    three_channels = np.stack([own] * 3, axis=-1)
    assert unlikeness(three_channels, fitted) == pytest.approx(here, abs=1e-9)
    low, high = np.percentile(own, [0.5, 99.5])
    stretched = np.clip((own - low) * 255 / (high - low), 0, 255).astype(np.uint8)
    deep = own.astype(np.uint16) * 257
    assert unlikeness(deep, fitted) == pytest.approx(unlikeness(stretched, fitted), abs=0.1)


def test_the_threshold_leaves_the_image_out_that_it_judges() -> None:
    rng = np.random.default_rng(5)
    images = [made(rng) for _ in range(LEAST)]
    images[7] = np.full((60, 80), 250, np.uint8)
    # Of so few the largest distance is the limit, and that is the odd image's from all others.
    without = fit([*images[:7], *images[8:], made(rng)])
    assert fit(images)["threshold"] > 3 * without["threshold"]


def test_too_few_images_are_refused() -> None:
    with pytest.raises(InputError, match="19 training images do not tell what is usual"):
        fit(made(np.random.default_rng(6)) for _ in range(LEAST - 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "other"}, "of the method 'other'; expected"),
        ({"centre": ["a"]}, "is damaged"),
        ({"centre": [1.0]}, "its sizes do not fit"),
        ({"threshold": "far"}, "is damaged"),
    ],
)
def test_a_damaged_description_is_refused(
    change: dict[str, Any], message: str, fitted: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=message):
        is_unlike(made(np.random.default_rng(7)), {**fitted, **change})


def test_the_python_of_the_page_runs() -> None:
    page = Path(__file__).parents[3] / "docs" / "demo.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    rng = np.random.default_rng(8)
    names: dict[str, Any] = {"training_pictures": [made(rng) for _ in range(40)]}
    names["picture"] = np.full((60, 80), 255, np.uint8)
    exec(code + "\nunlike = is_unlike(picture, fitted)", names)
    assert names["unlike"] is True


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="the real images are not here")
def test_fetal_ultrasound_is_unlike_breast_ultrasound() -> None:
    def images(pattern: str, step: int, start: int) -> list[NDArray[Any]]:
        paths = [path for path in sorted(REAL.glob(pattern)) if "_mask" not in path.name]
        return [picture.read(path, path.name).pixels for path in paths[start::step]]

    fitted = fit(images("Dataset_BUSI_with_GT/*/*.png", 3, 0))
    breast = [is_unlike(each, fitted) for each in images("Dataset_BUSI_with_GT/*/*.png", 6, 1)]
    fetal = [is_unlike(each, fitted) for each in images("FETAL_PLANES_DB/**/*.png", 1, 0)]
    assert np.mean(breast) < 0.05 and np.mean(fetal) > 0.6
