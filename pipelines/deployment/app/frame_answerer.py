"""From a frame that was read to what the model says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.deployment.app.answered_frame import AnsweredFrame, ReadFrame
from pipelines.deployment.app.lesions import measure
from pipelines.deployment.array_answerer import ArrayAnswerer
from pipelines.deployment.unlike_images import is_unlike
from pipelines.errors import InputError


def answer_frame(
    read: ReadFrame, answerer: ArrayAnswerer, training_images: Mapping[str, Any] | None = None
) -> AnsweredFrame:
    """Answers a frame and measures the regions of its mask.

    Args:
        read: the frame; one without a picture stays without an answer.
        answerer: the model.
        training_images: what ``unlike_images.fit`` told of those; None where it is not known.

    Returns:
        The answer, or why there is none; no frame stops the others.
    """
    if read.picture is None:
        return AnsweredFrame(read, None, problem=read.problem)
    name = f'file "{read.image.name}", frame {read.frame}'
    try:
        answer = answerer.answer(read.picture, name)
    except InputError as error:
        return AnsweredFrame(read, None, problem=str(error))
    unlike = None if training_images is None else is_unlike(read.picture, training_images)
    if answer.mask is None:
        return AnsweredFrame(read, answer, is_unlike=unlike)
    lesions, left_out = measure(answer.mask, read.spacing)
    return AnsweredFrame(read, answer, lesions, left_out, is_unlike=unlike)
