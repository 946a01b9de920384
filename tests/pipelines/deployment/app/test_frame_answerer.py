from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.deployment.app.answered_frame import UNLIKE, ReadFrame
from pipelines.deployment.app.frame_answerer import answer_frame
from pipelines.deployment.app.model import load_model
from pipelines.deployment.unlike_images import fit
from tests.pipelines.deployment.app.made_image import made_image


def test_masks_are_measured_in_the_spacing_of_their_frame(package: Callable[[str], Path]) -> None:
    answerer = load_model(package("breast_us_segmentation"), "cpu").answerer
    picture = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    image = made_image(spacing=(0.1, 0.1), frames=2)
    read = ReadFrame(image, 2, picture, spacing=(0.5, 0.5))
    answered = answer_frame(read, answerer)
    assert answered.answer is not None and answered.answer.mask is not None
    assert answered.lesions[0].area == answered.lesions[0].pixels / 4


def test_what_cannot_be_answered_says_why(package: Callable[[str], Path]) -> None:
    answerer = load_model(package("breast_us_classification"), "cpu").answerer
    unread = answer_frame(ReadFrame(made_image(), 1, None, "is damaged"), answerer)
    assert unread.answer is None and unread.problem == "is damaged"
    dot = answer_frame(ReadFrame(made_image(), 1, np.zeros((1, 1), np.uint8)), answerer)
    assert dot.answer is None and 'file "a.dcm", frame 1' in str(dot.problem)


def test_a_frame_unlike_the_training_images_is_marked(package: Callable[[str], Path]) -> None:
    answerer = load_model(package("breast_us_classification"), "cpu").answerer
    rng = np.random.default_rng(0)
    usual = [rng.integers(0, 60 + 3 * number, (48, 48), dtype=np.uint8) for number in range(30)]
    fitted = fit(usual)
    like = answer_frame(ReadFrame(made_image(), 1, usual[15]), answerer, fitted)
    assert like.is_unlike is False and like.marks == ()
    white = np.full((48, 48, 3), (250, 20, 90), np.uint8)
    white[:5] = 0
    unlike = answer_frame(ReadFrame(made_image(), 1, white), answerer, fitted)
    assert unlike.is_unlike and unlike.marks == (UNLIKE,)
    assert answer_frame(ReadFrame(made_image(), 1, white), answerer).is_unlike is None
