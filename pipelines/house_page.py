"""Pages of HTML in one style that need nothing else: the audit's and the report's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

STYLE = "house_style.css"


def render(
    package: str, name: str, filters: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]
) -> str:
    """Fills a template of a package.

    Args:
        package: import name of the package that the template lies in.
        name: file name of the template; ``house_style`` in it is the style that the pages share.
        filters: what the template writes values by, beside ``thousands``.
        values: what it shows. Texts are escaped.

    Returns:
        HTML; the same values give the same text.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"thousands": "{:,}".format, **filters}
    source = files(package).joinpath(name).read_text(encoding="utf-8")
    style = files(__package__).joinpath(STYLE).read_text(encoding="utf-8")
    return environment.from_string(source).render(house_style=style, **values)
