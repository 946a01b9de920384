from __future__ import annotations

import click
import pytest

from pipelines.commands.convert_options import own_option, shared_options
from pipelines.datasets.layouts import LAYOUTS, Option


def test_the_options_of_no_layout_stand_in_the_way_of_the_shared_ones() -> None:
    shared = shared_options(["segmentation"], None)
    names = {param.name for param in shared} | {flag for param in shared for flag in param.opts}
    for layout in LAYOUTS.values():
        for option in layout.options:
            assert option.name not in names and option.flag not in names, layout.name


@pytest.mark.parametrize(
    ("option", "words", "expected"),
    [
        (Option("--a-b", "x"), ["--a-b", "3"], "3"),
        (Option("--a-b", "x", default="7"), [], None),
        (Option("--a-b", "x", is_flag=True), ["--a-b"], True),
        (Option("--a-b", "x", is_flag=True), [], None),
        (Option("--a-b", "x", repeatable=True), ["--a-b", "1", "--a-b", "2"], ("1", "2")),
        (Option("--a-b", "x", choices=("p", "q")), ["--a-b", "q"], "q"),
    ],
)
def test_an_option_of_the_table(option: Option, words: list[str], expected: object) -> None:
    command = click.Command("x", params=[own_option(option)], callback=lambda a_b: a_b)
    assert command.main(words, standalone_mode=False) == expected


def test_the_help_of_an_option_says_all() -> None:
    made = own_option(Option("--a", "what it is", default="7", repeatable=True))
    assert made.help == "what it is. Repeatable. [default: 7]"
