"""One operation of random strength for each sample: in range, repeatable, masks along with it."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose

from transforms.augmentation_operations import MOVES, ON_REQUEST, OPERATIONS, ULTRASOUND
from transforms.picture import PictureError
from transforms.trivial_augment import RandTrivialAugmentd

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEIGHT, WIDTH = 41, 31
RNG = torch.Generator().manual_seed(0)
GREY = torch.rand(1, HEIGHT, WIDTH, generator=RNG)
RGB = torch.rand(3, HEIGHT, WIDTH, generator=RNG)
MASK = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.uint8)
MASK[:, 8:20, 10:25] = 2


def made(seed: int = 0, **given: Any) -> RandTrivialAugmentd:
    return RandTrivialAugmentd("image", **given).set_random_state(seed)


@pytest.mark.parametrize("image", [GREY, RGB, GREY.numpy()], ids=["grey", "rgb", "numpy"])
def test_shape_type_and_range_stay_and_the_input_too(image: Any) -> None:
    transform = made()
    before = np.array(image).copy() if isinstance(image, np.ndarray) else image.clone()
    for _ in range(60):
        found = transform({"image": image, "name": "x"})
        assert found["image"].shape == image.shape
        assert found["image"].dtype == torch.float32
        assert type(found["image"]) is torch.Tensor
        assert found["image"].min() >= 0 and found["image"].max() <= 1
        assert found["name"] == "x"
    assert bool((before == image).all())


def test_the_same_state_gives_the_same_samples() -> None:
    one, other, third = made(3), made(3), made(4)
    ones = [one({"image": GREY})["image"] for _ in range(10)]
    assert all(torch.equal(value, other({"image": GREY})["image"]) for value in ones)
    assert not all(torch.equal(value, third({"image": GREY})["image"]) for value in ones)
    composed = Compose([made()])
    composed.set_random_state(7)
    first = composed({"image": GREY})["image"]
    composed.set_random_state(7)
    assert torch.equal(composed({"image": GREY})["image"], first)


def test_it_draws_from_no_global_generator() -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    transform = made()
    for _ in range(40):
        transform({"image": GREY})
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def draws(count: int, **given: Any) -> list[Any]:
    transform = made(**given)
    found = []
    for _ in range(count):
        transform.randomize()
        found.append(transform.draw)
    return found


def test_operations_and_strengths_are_drawn_evenly() -> None:
    found = draws(3000)
    counts = Counter(draw.name for draw in found)
    default = set(OPERATIONS) - set(ON_REQUEST)
    assert set(counts) == default
    assert min(counts.values()) > 0.6 * 3000 / len(default)
    turns = [draw.amount for draw in found if draw.name == "rotate"]
    assert -15 <= min(turns) < -12 and 12 < max(turns) <= 15
    assert abs(np.mean(turns)) < 3
    blurs = [draw.amount for draw in found if draw.name == "blur"]
    assert min(blurs) >= 0 and max(blurs) <= 1.5


def test_medical_images_are_not_turned_upside_down_or_inverted_unasked() -> None:
    assert not {draw.name for draw in draws(300)} & set(ON_REQUEST)
    asked = draws(100, operations=dict.fromkeys(ON_REQUEST))
    assert {draw.name for draw in asked} == set(ON_REQUEST)


def test_strengths_are_set_by_name() -> None:
    found = draws(200, operations={"rotate": 30, "zoom": None, "blur": 0})
    assert {draw.name for draw in found} == {"rotate", "zoom", "blur"}
    assert 25 < max(draw.amount for draw in found) <= 30
    assert max(draw.amount for draw in found if draw.name == "zoom") > 0.2
    assert {draw.amount for draw in found if draw.name == "blur"} == {0}


def test_operations_can_be_left_out() -> None:
    found = {draw.name for draw in draws(300, excluded=["shear_x", "shear_y"])}
    assert "rotate" in found
    assert not found & {"shear_x", "shear_y"}


def test_operations_of_ultrasound_are_drawn_where_they_are_added() -> None:
    found = draws(400, added=ULTRASOUND)
    assert {draw.name for draw in found} == set(OPERATIONS) - set(ON_REQUEST) | set(ULTRASOUND)
    shadows = [draw.amount for draw in found if draw.name == "acoustic_shadow"]
    assert min(shadows) >= 0 and 0.5 < max(shadows) <= OPERATIONS["acoustic_shadow"].largest
    chosen = draws(40, operations={"speckle": 0.1}, added="haze")
    assert {draw.name for draw in chosen} == {"speckle", "haze"}


@pytest.mark.parametrize("name", ULTRASOUND)
def test_an_operation_of_ultrasound_keeps_range_type_and_seed(name: str) -> None:
    one, other = (
        RandTrivialAugmentd("image", "mask", operations={name: None}).set_random_state(2)
        for _ in range(2)
    )
    for _ in range(3):
        found, again = (each({"image": GREY, "mask": MASK}) for each in (one, other))
        assert found["image"].dtype == torch.float32 and found["image"].shape == GREY.shape
        assert found["image"].min() >= 0 and found["image"].max() <= 1
        assert torch.equal(found["image"], again["image"])
        assert torch.equal(found["mask"], again["mask"])


def test_a_fan_lies_in_the_image_not_in_its_letterbox() -> None:
    image, mask = torch.zeros(1, 60, 40), torch.zeros(1, 60, 40)
    image[:, 20:40], mask[:, 20:40] = 0.5, 1
    transform = RandTrivialAugmentd("image", "mask", operations={"sector": 100})
    found = transform.set_random_state(0)({"image": image, "mask": mask})
    assert transform.draw.box == (20, 40, 0, 40)
    assert torch.equal(found["image"] > 0, found["mask"] > 0)
    assert 0.3 < found["mask"].sum() / mask.sum() < 0.95


def test_the_probability_is_the_part_of_the_samples_that_is_changed() -> None:
    transform = made(operations={"brightness": 1}, prob=0.3)
    same = [torch.equal(transform({"image": GREY})["image"], GREY) for _ in range(200)]
    assert 0.6 < np.mean(same) < 0.8


@pytest.mark.parametrize("name", MOVES)
def test_a_mask_moves_with_its_image(name: str) -> None:
    transform = RandTrivialAugmentd("image", "mask", operations={name: None}).set_random_state(1)
    for _ in range(5):
        data = {"image": (MASK == 2).float(), "mask": MASK}
        found = transform(data)
        assert found["mask"].dtype == torch.uint8
        assert set(found["mask"].unique().tolist()) <= {0, 2}
        expected = found["image"] >= 0.5
        differing = (expected != (found["mask"] == 2)).float().mean()
        assert differing < 0.01  # a rounded margin
        assert data["mask"] is MASK


def test_a_tone_leaves_the_mask_alone() -> None:
    transform = RandTrivialAugmentd("image", "mask", operations={"blur": None}).set_random_state(1)
    assert transform({"image": GREY, "mask": MASK})["mask"] is MASK


def test_each_operation_can_be_looked_at_by_itself() -> None:
    policy = RandTrivialAugmentd("image", "mask", {"rotate": 5, "haze": None}, prob=0.2)
    singles = policy.singles()
    assert list(singles) == ["rotate", "haze"]
    for name, single in singles.items():
        assert single.strengths == {name: policy.strengths[name]}
        assert single.prob == 1 and single.mask_keys == ("mask",)


def test_several_images_get_the_same_change() -> None:
    transform = RandTrivialAugmentd(["a", "b"]).set_random_state(1)
    for _ in range(20):
        found = transform({"a": GREY, "b": GREY})
        assert torch.equal(found["a"], found["b"])


def test_a_class_index_passes() -> None:
    assert made()({"image": GREY, "label": 2})["label"] == 2


@pytest.mark.parametrize("image", [255 * GREY, GREY - 0.5, GREY * float("nan")])
def test_an_image_of_another_range_is_refused(image: torch.Tensor) -> None:
    with pytest.raises(PictureError, match=r"image holds values from .* expects 0 to 1"):
        made()({"image": image})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"operations": {"rotat": 3}}, "no operation is called 'rotat'; known are rotate"),
        ({"added": ["specle"]}, "no operation is called 'specle'"),
        ({"excluded": ["shear"]}, "no operation is called 'shear'"),
        ({"operations": {"rotate": -3}}, "strength of rotate is -3; expected null or a number"),
        ({"operations": {"zoom": 2}}, "expected null or a number from 0 to 0.9"),
        ({"operations": {"zoom": "1"}}, "strength of zoom is '1'"),
        ({"operations": {"zoom": True}}, "strength of zoom is True"),
        ({"operations": ["zoom"]}, "expected names with strengths"),
        ({"operations": {}}, "every operation is excluded"),
        ({"operations": {"zoom": 0.1}, "excluded": "zoom"}, "every operation is excluded"),
    ],
)
def test_bad_settings_are_named(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        RandTrivialAugmentd("image", **given)
    assert expected in str(caught.value)


def test_the_list_of_the_docs_works() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", section(), re.MULTILINE | re.DOTALL)
    parser = ConfigParser({**json.loads(block), "image_size": 64})
    transforms = Compose(parser.get_parsed_content("augmentation"))
    for _ in range(20):
        assert transforms({"image": torch.rand(1, 64, 64)})["image"].shape == (1, 64, 64)


def test_the_lists_of_the_page_of_ultrasound_work() -> None:
    page = (DOCS / "ultrasound_transforms.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lists = [json.loads(block).get("augmentation", [json.loads(block)]) for block in blocks]
    assert [len(each) for each in lists] == [10, 1, 1]
    for definition in lists:
        built = ConfigParser({"list": definition}).get_parsed_content("list")
        transforms = Compose(built).set_random_state(0)
        for _ in range(4):
            found = transforms({"image": torch.full_like(GREY, 0.5), "label": MASK})
            assert found["image"].shape == GREY.shape and found["label"].shape == MASK.shape
    assert set(lists[1][0]["added"]) == set(ULTRASOUND)


def test_the_tables_of_the_docs_are_true() -> None:
    largest = {name: operation.largest for name, operation in OPERATIONS.items()}
    special = named((DOCS / "ultrasound_transforms.md").read_text(encoding="utf-8"))
    assert special == {name: largest[name] for name in ULTRASOUND}
    assert named(section()) == {name: largest[name] for name in set(largest) - set(ULTRASOUND)}


def section() -> str:
    text = (DOCS / "train.md").read_text(encoding="utf-8")
    return text.split("### Augmentation")[1].split("\n## ")[0]


def named(text: str) -> dict[str, float]:
    """The operations of a table with their largest strengths."""
    found: dict[str, float] = {}
    for names, strength in re.findall(r"^\| (`[^|]*`) \| ([\d.]*) ?\|", text, re.MULTILINE):
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), float(strength or 0))
    return found
