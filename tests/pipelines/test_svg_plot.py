from __future__ import annotations

import re

from matplotlib.figure import Figure

from pipelines.svg_plot import page_style, svg_text


def drawn(name: str) -> str:
    with page_style():
        figure = Figure(figsize=(2, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], "o-", label="a line")
        axes.set_title("Ink & <paper>")
        return svg_text(figure, name)


def test_a_plot_is_an_element_with_its_text() -> None:
    text = drawn("one")
    assert text.startswith("<svg") and text.rstrip().endswith("</svg>")
    assert "Ink &amp; &lt;paper&gt;" in text and text == drawn("one")


def test_two_plots_of_a_page_share_no_id() -> None:
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn(name))) for name in ("one", "two")]
    assert ids[0] and not ids[0] & ids[1] and all(name.startswith("one-") for name in ids[0])
    used = re.findall(r'(?:href="|url\()#([\w-]+)', drawn("one"))
    assert used and set(used) == ids[0]
