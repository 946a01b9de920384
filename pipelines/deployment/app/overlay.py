"""A picture with what a model says of it drawn in, and a line that says so below it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.contours import outline
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.array_answerer import Answer
from pipelines.preview.colours import BLACK, PALETTE, WHITE
from pipelines.preview.lettering import font, line_height, wrapped

_LEAST_LETTERS, _SHARE = 11, 40  # pixels; one of so many of the picture's width
_MARGIN = 4
_NOTHING = "nothing found"


def overlay(
    picture: NDArray[np.uint8],
    answer: Answer,
    labels: Sequence[str],
    caption: str,
    longest: str = "",
    point: ClassThreshold | None = None,
) -> NDArray[np.uint8]:
    """Draws outlines of a mask, or the class, and a caption on a strip below the picture.

    No pixel of the picture is covered by words.

    Args:
        picture: (height, width) or (height, width, 3).
        answer: of the model.
        labels: the classes of the model.
        caption: what stands below, such as the model's name.
        longest: the longest caption of a clip, whose frames must be of one size.
        point: the operating point of a class, where the model has one.

    Returns:
        (height + strip, width, 3), uint8; pictures of one size and one (longest) caption give one
        size, whatever is found.
    """
    colours = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)
    height, width = colours.shape[:2]
    letters = font(max(_LEAST_LETTERS, width // _SHARE))
    room = width - 2 * _MARGIN
    found, words = (wrapped(each, letters, room) for each in (said(answer, labels, point), caption))
    sayings = _sayings(answer, labels, point)
    room_found = max(len(wrapped(each, letters, room)) for each in sayings)
    lines = room_found + max(len(words), len(wrapped(longest, letters, room)))
    strip = lines * line_height(letters) + 2 * _MARGIN
    canvas = Image.new("RGB", (width, height + strip), BLACK)
    canvas.paste(Image.fromarray(np.ascontiguousarray(colours, dtype=np.uint8)), (0, 0))
    draw = ImageDraw.Draw(canvas)
    if answer.mask is not None:
        _outlines(draw, answer.mask, max(1, width // 400))
    blank = [""] * (room_found - len(found))
    for number, line in enumerate([*found, *blank, *words]):
        top = height + _MARGIN + number * line_height(letters)
        draw.text((_MARGIN, top), line, font=letters, fill=WHITE)
    return np.asarray(canvas)


def said(answer: Answer, labels: Sequence[str], point: ClassThreshold | None = None) -> str:
    """Gives in a line what a model says.

    Args:
        answer: of the model.
        labels: its classes; of a segmentation with the background.
        point: the operating point of a class: whether it is reached is said, too.
    """
    if answer.label is not None:
        likeliest = f"{labels[answer.label]} {answer.probabilities[answer.label]:.2f}"
        if point is None:
            return likeliest
        share, reached = answer.probabilities[point.place], point.is_reached(answer.probabilities)
        return f"{likeliest}; {_called(point, float(share), reached)}"
    assert answer.mask is not None
    found = [labels[index] for index in np.unique(answer.mask[answer.mask > 0]).tolist()]
    return ", ".join(found) if found else _NOTHING


def _called(point: ClassThreshold, share: float, reached: bool) -> str:
    word = "called" if reached else "not called"
    return f"{word} {point.label}: {share:.3f}, threshold {point.threshold:.3f}"


def _sayings(answer: Answer, labels: Sequence[str], point: ClassThreshold | None) -> list[str]:
    """Gives the longest of what can be said, so that all of a clip's frames have room for it."""
    if answer.label is not None:
        called = "" if point is None else f"; {_called(point, 0.0, False)}"
        return [f"{label} 0.00{called}" for label in labels]
    return [", ".join(labels[1:]), _NOTHING]


def _outlines(draw: ImageDraw.ImageDraw, mask: NDArray[np.uint8], width: int) -> None:
    for index in np.unique(mask[mask > 0]).tolist():
        colour = PALETTE[(index - 1) % len(PALETTE)]
        for line in outline(mask == index):
            points = [(float(column), float(row)) for row, column in line]
            draw.line(points, fill=colour, width=width)
