"""The answers as HTML: a table of several, and each with its pictures."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from pipelines.demo.model import Model
from pipelines.demo.reply import Reply
from pipelines.demo.table import NAME, called, csv_text
from pipelines.deployment.unlike_images import FLAGGED
from pipelines.house_page import render

_TEMPLATE = "results.html.j2"


def results(model: Model, replies: Sequence[Reply]) -> str:
    """Writes the answers.

    Args:
        model: what has answered.
        replies: the answers; of several there is a table, too.

    Returns:
        HTML that needs no other file: pictures and the table to download stand in it. Names of
        files are escaped.
    """
    point = model.operating_point
    text = csv_text(replies, model.calibration, point).encode()
    values = {
        "replies": replies,
        "point": point,
        "called": ["" if point is None else called(reply, point) for reply in replies],
        "is_calibrated": bool(model.temperatures),
        "partly": model.calibration if model.is_partly_calibrated else "",
        "temperature": ", ".join(f"{value:.2f}" for value in model.temperatures),
        "no_warning": model.no_warning,
        "usual": f"{1 - (model.training_images or {}).get('flagged', FLAGGED):.0%}".replace(
            "%", " %"
        ),
        "csv_name": NAME,
        "csv_uri": "data:text/csv;charset=utf-8;base64," + base64.b64encode(text).decode(),
    }
    return render(__package__, _TEMPLATE, {"percent": _percent, "unlike": _times}, values)


def _percent(share: float) -> str:
    """Writes a probability or a share; what is not quite 0 or 1 never looks as if it were."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def _times(unlikeness: float) -> str:
    return f"{unlikeness:.2f}" if unlikeness < 2 else f"{unlikeness:.0f}"
