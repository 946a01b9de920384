"""The answers to several pictures as one table to download."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from pipelines.demo.reply import Reply
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.called_classes import CALLED, is_called
from pipelines.deployment.class_answers import PREFIX

NAME = "med2d_answers.csv"
"""What the table is called when it is downloaded."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def csv_text(
    replies: Sequence[Reply], calibration: str, point: ClassThreshold | None = None
) -> str:
    """Writes the table.

    Args:
        replies: one line each.
        calibration: whether the probabilities are calibrated, in words.
        point: from which probability a class is called, where there is one.

    Returns:
        CSV: ``image``, ``problem``, ``answer``, ``p_<class>`` for each class that has a
        probability, ``called_<class>`` by the operating point, ``area_<class>`` (share of the
        picture) and ``regions_<class>`` for each class of a mask, ``probabilities``,
        ``unlikeness`` and ``unlike_training_images``. What is not known is empty. A name that a
        spreadsheet would take for a formula begins with an apostrophe.
    """
    probable = _names([reply.probabilities for reply in replies])
    areas = _names([reply.areas for reply in replies])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["image", "problem", "answer", *(PREFIX + name for name in probable)]
    heads += [] if point is None else [CALLED + point.label]
    heads += [f"{kind}_{name}" for name in areas for kind in ("area", "regions")]
    writer.writerow([*heads, "probabilities", "unlikeness", "unlike_training_images"])
    for reply in replies:
        shown: list[object] = [_as_text(reply.name), _as_text(reply.problem), reply.answer]
        shown += [reply.probabilities.get(name, "") for name in probable]
        shown += [] if point is None else [called(reply, point)]
        for name in areas:
            shown += [reply.areas.get(name, ""), reply.regions.get(name, "")]
        known = reply.unlikeness is not None
        shown += ["" if reply.problem else calibration, reply.unlikeness if known else ""]
        writer.writerow([*shown, ("yes" if reply.is_unlike else "no") if known else ""])
    return text.getvalue()


def _as_text(name: str) -> str:
    """A file's name, or what begins with it, as words that a spreadsheet does not compute."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def called(reply: Reply, point: ClassThreshold) -> str:
    """Says ``yes`` or ``no`` to the class of an operating point; nothing where it is not answered.

    Args:
        reply: the answer.
        point: the operating point.
    """
    share = reply.probabilities.get(point.label)
    return "" if share is None else is_called(share, point.threshold)


def _names(mappings: Sequence[Mapping[str, object]]) -> list[str]:
    """The keys of all, in the order in which they come."""
    return list(dict.fromkeys(key for each in mappings for key in each))
