from __future__ import annotations

import numpy as np

from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.app.overlay import overlay, said
from pipelines.deployment.array_answerer import Answer
from pipelines.preview.colours import PALETTE
from pipelines.preview.lettering import font, line_height

LABELS = ["background", "stroma", "necrosis"]


def test_outlines_have_the_colours_of_their_classes() -> None:
    mask = np.zeros((60, 90), dtype=np.uint8)
    mask[10:30, 10:40], mask[35:50, 50:80] = 1, 2
    answer = Answer(np.zeros(3, np.float32), mask=mask)
    shown = overlay(np.full((60, 90), 50, np.uint8), answer, LABELS, "model 1.0")
    for top, column, colour in ((9, 20, PALETTE[0]), (34, 60, PALETTE[1])):
        assert colour in [tuple(each) for each in shown[top : top + 2, column].tolist()]
    assert tuple(shown[20, 25]) == tuple(shown[5, 5]) == (50, 50, 50)


def test_words_stand_below_the_picture() -> None:
    answer = Answer(np.array([0.1, 0.2, 0.7], np.float32), label=2)
    shown = overlay(np.zeros((40, 80, 3), np.uint8), answer, LABELS, "a model of a long name 1.0")
    assert not shown[:40].any() and shown[40:].any()
    other = overlay(np.zeros((40, 80, 3), np.uint8), Answer(answer.probabilities, label=0), LABELS,
                    "a model of a long name 1.0")  # fmt: skip
    assert shown.shape == other.shape and (shown != other).any()


def test_what_is_said_in_a_line() -> None:
    assert said(Answer(np.array([0.9, 0.1, 0], np.float32), label=0), LABELS) == "background 0.90"
    mask = np.array([[0, 2], [1, 2]], dtype=np.uint8)
    assert said(Answer(np.zeros(3, np.float32), mask=mask), LABELS) == "stroma, necrosis"
    empty = Answer(np.zeros(3, np.float32), mask=np.zeros((2, 2), np.uint8))
    assert said(empty, LABELS) == "nothing found"


def test_the_operating_point_is_said_beside_the_likeliest_class() -> None:
    answer = Answer(np.array([0.5, 0.2, 0.3], np.float32), label=0)
    for threshold, told in ((0.25, "called necrosis: 0.300, threshold 0.250"),
                            (0.35, "not called necrosis: 0.300, threshold 0.350")):  # fmt: skip
        point = ClassThreshold("necrosis", 2, threshold)
        assert said(answer, LABELS, point) == f"background 0.50; {told}"
        shown = overlay(np.zeros((40, 80), np.uint8), answer, LABELS, "m", point=point)
        assert shown[40 + 4 + line_height(font(11)) :].any()


def test_a_wide_line_of_labels_is_wrapped_and_frames_have_one_size() -> None:
    mask = np.zeros((60, 100), dtype=np.uint8)
    empty = Answer(np.zeros(4, np.float32), mask=mask)
    full = Answer(
        np.zeros(4, np.float32), mask=np.arange(6000).reshape(60, 100).astype(np.uint8) % 4
    )
    labels = ["background", "stroma", "epithelium", "necrosis"]
    picture = np.zeros((60, 100), np.uint8)
    shapes = {overlay(picture, each, labels, "model", "model; a mark of many words").shape
              for each in (empty, full)}  # fmt: skip
    assert len(shapes) == 1
    shown = overlay(picture, full, labels, "")
    two_lines = shown[60 + 4 + line_height(font(11)) :]
    assert two_lines[: line_height(font(11))].any()
    assert overlay(picture, empty, labels, "model; a mark of many words").shape in shapes
