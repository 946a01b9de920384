"""Plots in a page: SVG, text in the page's own fonts, the same bytes for the same data."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PALE = "#334155", "#e2e8f0"
_STYLE = {
    "svg.fonttype": "none",  # text stays text, in the page's own fonts
    "svg.hashsalt": "med2d",  # the same plot has the same bytes
    "font.family": "sans-serif",
    "font.sans-serif": ["system-ui", "Segoe UI", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#94a3b8",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_NUMBER = re.compile(r'(\bid="|url\(#|href="#)([\w.-]+)')
_UNUSED = re.compile(r' id="([\w.-]+)"')


@contextmanager
def page_style() -> Iterator[None]:
    """Draws in the style of the pages what is drawn inside."""
    import logging

    import matplotlib as mpl

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # fonts are the page's
    with mpl.rc_context(_STYLE):
        yield


def svg_text(figure: Figure, name: str) -> str:
    """Writes a figure as an SVG element; call it inside ``page_style``.

    Args:
        figure: the figure.
        name: tells it from the others of the page, of letters: the ids in it begin so.

    Returns:
        The element; the same figure gives the same text. It has no background.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return _own_ids(text[text.index("<svg") :], name)


def _own_ids(svg: str, name: str) -> str:
    """Removes the ids that nothing refers to; the others are those of this figure alone."""
    used = set(re.findall(r'(?:url\(#|href="#)([\w.-]+)', svg))
    kept = _UNUSED.sub(lambda found: found[0] if found[1] in used else "", svg)
    return _NUMBER.sub(rf"\g<1>{name}-\g<2>", kept)
