from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.training.given_items import check_given


def picture(path: Path, value: int) -> dict[str, str]:
    Image.fromarray(np.full((8, 6), value, dtype=np.uint8)).save(path)
    return {"image": str(path)}


def test_images_that_are_scored_are_told_by_their_pixels(tmp_path: Path) -> None:
    train, validate, score, other = (
        picture(tmp_path / f"{value}.png", value) for value in (1, 2, 3, 4)
    )
    parts = {"train": [train], "validate": [validate], "score": [score]}
    check_given(parts, [train], [validate])
    check_given(parts, [other], [validate])
    same = picture(tmp_path / "same.bmp", 3)
    with pytest.raises(InputError, match=r"1 of the 2 images .* scored \(same.bmp\)"):
        check_given(parts, [other], [same])


def test_the_folds_of_the_dataset_are_not_read() -> None:
    parts = {name: [{"image": f"{name}.png"}] for name in ("train", "validate", "score")}
    check_given(parts, parts["train"], parts["validate"])
