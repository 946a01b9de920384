from __future__ import annotations

import json

from click.testing import CliRunner

from pipelines.cli import main
from pipelines.datasets.layouts import LAYOUTS


def test_the_layouts_are_listed() -> None:
    text = CliRunner().invoke(main, ["layouts"]).output
    table = json.loads(CliRunner().invoke(main, ["layouts", "--json"]).output)
    assert [each["name"] for each in table] == list(LAYOUTS)
    for layout in LAYOUTS.values():
        assert f"{layout.name}: {layout.description}" in text
        assert all(line in text for line in layout.tree.splitlines())
        assert all(option.flag in text for option in layout.options)
