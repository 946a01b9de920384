"""A format that answers otherwise is told, with by how much; noise near the threshold is not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.deployment.array_answerer import Answer, ArrayAnswerer
from pipelines.deployment.packaging.format_agreement import (
    Agreement,
    _differing,
    agreements,
    check_agreements,
)
from pipelines.errors import InputError
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agreement")


@pytest.fixture(scope="module")
def pictures(folder: Path) -> list[Path]:
    paths = [folder / f"{number}.png" for number in range(9)]
    for number, path in enumerate(paths):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 30), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


@pytest.fixture(scope="module")
def answerers(folder: Path) -> dict[str, ArrayAnswerer]:
    makers = {
        "classification": made_answering_run.classification,
        "segmentation": made_answering_run.segmentation,
    }
    return {
        task: ArrayAnswerer(
            make(folder / task, made_run.made_dataset(folder / f"{task}_data", task))
        )
        for task, make in makers.items()
    }


def found(answerer: ArrayAnswerer, pictures: list[Path], shift: float) -> Agreement:
    own = answerer.network
    given = {"threshold": 0.5} if answerer.task == "segmentation" else {"activation": "softmax"}
    shifts = torch.tensor([shift, -shift]) if answerer.task == "classification" else shift
    other = {"Other": lambda images: own(images) + shifts}
    (agreement,) = agreements(answerer, other, pictures, (1, 32, 32), **given)  # type: ignore[arg-type]
    assert answerer.network is own
    return agreement


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_same_network_agrees_alone_and_in_batches(
    task: str, answerers: dict[str, ArrayAnswerer], pictures: list[Path]
) -> None:
    agreement = found(answerers[task], pictures, 0.0)
    assert agreement.holds and agreement.largest_difference <= 1e-6
    assert (agreement.images, agreement.in_batches) == (9, 8)
    check_agreements([agreement])


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_another_answer_is_told_by_how_much(
    task: str, answerers: dict[str, ArrayAnswerer], pictures: list[Path]
) -> None:
    agreement = found(answerers[task], pictures, 0.01)
    assert not agreement.holds and 1e-3 < agreement.largest_difference < 1e-2
    told = r"Other differs by up to 0\.00\d+ in a probability .* over 9 images; allowed are 0\.0001"
    with pytest.raises(InputError, match=told):
        check_agreements([agreement])


def test_a_network_that_answers_a_batch_wrongly_is_found(
    answerers: dict[str, ArrayAnswerer], pictures: list[Path]
) -> None:
    answerer = answerers["classification"]
    own = answerer.network
    other: dict[str, Any] = {"Other": lambda images: own(images[:1]).expand(len(images), -1) + 0}
    (agreement,) = agreements(answerer, other, pictures, (1, 32, 32), activation="softmax")
    assert not agreement.holds and agreement.worst == "a batch of 8"


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_classes_and_masks_of_batches_are_compared(
    task: str, answerers: dict[str, ArrayAnswerer], pictures: list[Path]
) -> None:
    answerer = answerers[task]
    own = answerer.network
    given = {"threshold": 0.5} if task == "segmentation" else {"activation": "softmax"}
    other: dict[str, Any] = {"Other": lambda i: own(i) if len(i) == 1 else -own(i)}
    (agreement,) = agreements(answerer, other, pictures, (1, 32, 32), **given)  # type: ignore[arg-type]
    assert agreement.wrong_pixels > 0 and agreement.differing == 0


def test_nan_is_no_agreement() -> None:
    agreement = Agreement("a")
    agreement.compare(np.zeros(2), np.array([0.0, np.nan]), "picture")
    assert not agreement.holds and agreement.worst == "picture"
    agreement.compare(np.zeros(2), np.zeros(2), "another")
    assert math.isnan(agreement.largest_difference) and agreement.worst == "picture"


def masks(probability: float, one: int, other: int) -> tuple[Answer, Answer]:
    probabilities = np.full((1, 1, 1), probability, np.float32)
    first, second = (np.full((1, 1), value, np.uint8) for value in (one, other))
    return Answer(probabilities, mask=first), Answer(probabilities, mask=second)


@pytest.mark.parametrize(
    ("probability", "other", "expected"),
    [(0.50005, 0, (0, True)), (0.501, 0, (1, True)), (0.501, 1, (0, False))],
)
def test_only_pixels_away_from_the_threshold_are_wrong(
    probability: float, other: int, expected: tuple[int, bool]
) -> None:
    assert _differing(*masks(probability, 1, other), "segmentation", 0.5) == expected


def test_classes_that_are_as_probable_may_change_places() -> None:
    near, far = (np.array(each, np.float32) for each in ([0.50002, 0.49998], [0.6, 0.4]))
    for probabilities, wrong in ((near, 0), (far, 1)):
        answers = Answer(probabilities, label=0), Answer(probabilities, label=1)
        assert _differing(*answers, "classification", None) == (wrong, True)
    maps = np.stack([np.full((1, 1), 0.6), np.full((1, 1), 0.4)]).astype(np.float32)
    one, two = (Answer(maps, mask=np.full((1, 1), k, np.uint8)) for k in (0, 1))
    assert _differing(one, two, "segmentation", None) == (1, True)
