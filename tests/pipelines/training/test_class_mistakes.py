"""The picture of mistakes shows what the network saw; nothing else changes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from monai.transforms import Compose, EnsureTyped, LoadImaged, Resized, ScaleIntensityd
from PIL import Image
from torch import nn

from pipelines.datasets.dataset import read
from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_columns, classification_row
from pipelines.training import class_mistakes as module
from pipelines.training.class_mistakes import draw_mistakes

LABELS = ["benign", "malignant", "normal"]
PREPROCESSING = Compose(
    [
        LoadImaged("image", ensure_channel_first=True),
        ScaleIntensityd("image"),
        Resized("image", (16, 16)),
        EnsureTyped("image", track_meta=False),
    ]
)


def table(dataset: Any, wrong: int) -> Any:
    rows = []
    for number, item in enumerate(dataset.resolved(item) for item in dataset.items):
        answer = torch.full((3,), 0.1)
        answer[(item["label"] + (number < wrong)) % 3] = 0.8 + number / 1000
        known = {**item, "fold": None}
        rows.append(classification_row(known, answer.tolist(), LABELS))
    return case_table(rows, classification_columns(LABELS))


@pytest.mark.parametrize("wrong", [0, 2, 20])
def test_the_mistakes_are_drawn_with_their_heat(
    wrong: int, class_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read(class_dataset)
    drawn: list[Any] = []
    whole = module.mistakes_figure
    monkeypatch.setattr(
        module, "mistakes_figure", lambda *given: drawn.extend(given) or whole(*given)
    )
    network = nn.Sequential(nn.Conv2d(1, 3, 4, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    cases = table(dataset, wrong)
    before = cases.copy()
    path = draw_mistakes(
        cases, LABELS, dataset, network, PREPROCESSING, tmp_path / "plots", "remark"
    )
    mistakes, count, images, remark = drawn
    assert (count, images, remark) == (wrong, 30, "remark")
    assert len(mistakes) == min(wrong, 12)
    assert path == tmp_path / "plots" / "mistakes.png"
    assert Image.open(path).width == 1300
    assert cases.equals(before)
    for mistake in mistakes:
        item = next(i for i in map(dataset.resolved, dataset.items) if i["id"] == mistake.id)
        assert mistake.truth == item["class"] != mistake.predicted
        assert mistake.image.shape == mistake.heat.shape == (16, 16)
        seen = PREPROCESSING({"image": item["image"]})["image"][0]
        expected = (seen - seen.min()) / (seen.max() - seen.min())
        torch.testing.assert_close(torch.tensor(mistake.image), expected)


def test_a_colour_image_is_drawn_in_colour() -> None:
    image = torch.rand(3, 4, 5)
    shown = module._shown(image)
    assert shown.shape == (4, 5, 3)
    assert (shown.min(), shown.max()) == pytest.approx((0, 1))
