from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from pipelines import house_page


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / f"made_{tmp_path.name}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package / "page.html.j2"


def test_texts_are_escaped_and_the_style_is_not(template: Path) -> None:
    template.write_text(
        "<style>{{ house_style|safe }}</style>{{ name|loud }} {{ 12345|thousands }}"
    )
    values = {"name": "<b>"}
    html = house_page.render(template.parent.name, template.name, {"loud": str.upper}, values)
    assert "&lt;B&gt; 12,345" in html and "--ink: #1e293b" in html


def test_a_value_that_is_not_given_is_no_blank(template: Path) -> None:
    template.write_text("{{ nothing }}")
    with pytest.raises(UndefinedError):
        house_page.render(template.parent.name, template.name, {}, {})
