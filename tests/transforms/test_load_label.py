from pathlib import Path

import numpy as np
import torch
from monai.transforms import LoadImaged
from PIL import Image

from transforms.load_label import LoadLabeld
from transforms.upright_reader import UprightReader


def test_it_loads_what_monais_loader_does(tmp_path: Path) -> None:
    pixels = np.zeros((60, 40), dtype=np.uint8)
    pixels[:16, :8] = 1
    Image.fromarray(pixels).save(tmp_path / "a.png")
    item = {"label": str(tmp_path / "a.png"), "id": "a"}
    found = LoadLabeld("label")(item)
    reader = UprightReader("indices")
    expected = LoadImaged("label", reader=reader, ensure_channel_first=True)(item)
    assert found["label"].shape == (1, 60, 40) and found["id"] == "a"
    torch.testing.assert_close(found["label"], expected["label"])
    assert found["label"].meta.keys() == expected["label"].meta.keys()


def test_an_item_without_a_mask_passes() -> None:
    assert LoadLabeld("label")({"image": 1}) == {"image": 1}


def test_programs_that_replace_monais_loaders_let_it_stand() -> None:
    assert not isinstance(LoadLabeld("label"), LoadImaged)
