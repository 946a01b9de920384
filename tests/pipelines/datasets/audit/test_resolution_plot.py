from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from pipelines.datasets.audit.resolution import CANDIDATES, resolution
from pipelines.datasets.audit.resolution_plot import resolution_plot
from tests.pipelines.datasets.audit.made_cases import case, masked


@pytest.mark.parametrize("task", ["segmentation", "classification"])
def test_the_plot_is_an_svg_with_its_words_and_always_the_same(task: str) -> None:
    ceilings = (0.99,) * len(CANDIDATES)
    cases = [masked(n, ceilings=ceilings) for n in range(9)]
    cases += [case(n, width=30 + n, height=40) for n in range(20, 30)]
    found = resolution(cases, task)
    text = resolution_plot(found, cases)
    assert resolution_plot(found, cases) == text
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    words = " ".join("".join(each.itertext()) for each in root.iter() if each.tag.endswith("text"))
    assert f"{found['recommended']} x {found['recommended']}" in words
    assert all(str(size) in words for size in CANDIDATES)
    assert ("lesions that keep 64 pixels" in words) == (task == "segmentation")


def test_many_sizes_make_no_long_text() -> None:
    cases = [case(n, width=100 + n, height=100 + n % 71) for n in range(3000)]
    assert len(resolution_plot(resolution(cases, "classification"), cases)) < 200_000
