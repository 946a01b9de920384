"""A few pictures of the validation, of few epochs, in few pixels."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events

from pipelines.training import tracked_pictures
from pipelines.training.tracked_pictures import (
    LONGEST_SIDE,
    MOST_STEPS,
    PREDICTION,
    TRUTH,
    ValidationPictures,
    drawn,
    log_pictures,
)


def made_item(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """An image of 60 x 40 whose left half is a lesion, of which the upper part is found."""
    image = torch.full((1, 60, 40), float(number))
    image[:, :, :4] = 20.0
    truth, found = torch.zeros(1, 60, 40), torch.zeros(1, 60, 40)
    truth[:, 10:50, 5:20], found[:, 10:30, 5:20] = 1, 1
    return {"image": image}, {"pred": found, "label": truth}


def test_the_outlines_of_both_masks_are_drawn() -> None:
    pixels = drawn(*made_item(3))
    assert pixels is not None and pixels.shape == (60, 40, 3)
    assert tuple(pixels[40, 5]) == TRUTH
    assert tuple(pixels[20, 5]) == tuple(pixels[29, 10]) == PREDICTION
    assert tuple(pixels[20, 10]) == (0, 0, 0) and tuple(pixels[0, 0]) == (255, 255, 255)


def test_a_large_image_becomes_small_and_keeps_its_shape() -> None:
    mask = torch.zeros(1, 800, 400)
    pixels = drawn({"image": torch.rand(1, 800, 400)}, {"pred": mask, "label": mask})
    assert pixels is not None and pixels.shape == (LONGEST_SIDE, LONGEST_SIDE // 2, 3)


@pytest.mark.parametrize(("label", "white"), [(1, True), (0, False)])
def test_a_class_stands_below_its_image(label: int, white: bool) -> None:
    item = {"image": torch.zeros(1, 64, 64), "label": label, "class": "benign"}
    pixels = drawn(item, {"pred": torch.tensor([0.25, 0.75])})
    assert pixels is not None and pixels.shape[1] == LONGEST_SIDE
    words = pixels[64:].reshape(-1, 3)
    assert words[:, 0].max() > 150  # of an orange one there is no blue
    assert (words[:, 2].max() > 150) == white


def test_what_cannot_be_drawn_is_left_out() -> None:
    item, answer = made_item(1)
    assert drawn(item, {"pred": answer["pred"][:, :5], "label": answer["label"]}) is None
    assert drawn(item, {}) is None
    assert drawn(item, {"pred": torch.zeros(3)}) is None


def validator(images: int) -> Engine:
    """An engine like MONAI's evaluator, over batches of two."""
    engine = Engine(lambda engine, batch: None)
    engine.data_loader = SimpleNamespace(dataset=range(images))

    def answer(engine: Engine) -> None:
        pairs = [made_item(number) for number in engine.state.batch]
        engine.state.batch = [item for item, _ in pairs]
        engine.state.output = [answer for _, answer in pairs]

    engine.add_event_handler(Events.ITERATION_COMPLETED, answer)
    return engine


def test_few_images_of_few_epochs_are_taken() -> None:
    pictures, engine = ValidationPictures(3), validator(10)
    pictures.attach(engine)
    pictures.begin(100)
    steps = []
    for epoch in range(1, 101):
        pictures.taken = []
        engine.state.epoch = epoch - 1
        engine.run([[k, k + 1] for k in range(0, 10, 2)], max_epochs=epoch)
        if pictures.taken:
            steps.append(epoch)
            answers = [each.key for each in pictures.taken if not each.is_truth]
            truths = [each.key for each in pictures.taken if each.is_truth]
            assert answers == [f"pictures/{k}" for k in (1, 2, 3)]
            assert truths == (answers if epoch == 1 else [])
    assert steps[0] == 1 and MOST_STEPS - 1 <= len(steps) <= MOST_STEPS + 1


def test_none_are_taken_where_none_are_wanted() -> None:
    pictures, engine = ValidationPictures(0), validator(4)
    pictures.attach(engine)
    engine.run([[0, 1]], max_epochs=1)
    assert pictures.taken == []


def test_they_are_sent_by_step() -> None:
    sent: list[Any] = []
    client = SimpleNamespace(log_image=lambda *words, **given: sent.append((words, given)))
    pictures, engine = ValidationPictures(1), validator(2)
    pictures.attach(engine)
    engine.run([[0, 1]], max_epochs=1)
    log_pictures(client, "r", pictures.taken, 7)
    for words, _ in sent:
        assert words[0] == "r" and isinstance(words[1], np.ndarray) and words[1].dtype == np.uint8
    assert [(given["key"], given["step"]) for _, given in sent] == [
        ("pictures/1", 7),
        ("pictures/1", 0),
    ]
    assert (sent[0][0][1] == PREDICTION).all(axis=-1).any()
    assert not (sent[1][0][1] == PREDICTION).all(axis=-1).any()
    assert (sent[1][0][1] == TRUTH).all(axis=-1).any()


def test_a_training_that_goes_on_shows_the_truth_no_second_time() -> None:
    pictures, engine = ValidationPictures(1), validator(2)
    pictures.attach(engine)
    pictures.begin(3, done=2)
    engine.run([[0, 1]], max_epochs=1)
    assert [each.is_truth for each in pictures.taken] == [False]


def test_classes_are_named_as_the_items_name_them() -> None:
    items = [{"label": 1, "class": "malignant"}, {"label": 0, "class": "benign"}]
    assert tracked_pictures._classes(items) == {1: "malignant", 0: "benign"}
    assert tracked_pictures._classes([{"label": "masks/a.png", "class": "benign"}, "other"]) == {}
