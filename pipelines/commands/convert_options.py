"""The options of ``med2d convert``: those that every layout takes, and those of the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from pipelines.datasets.dataset import LEAST_FOLDS
from pipelines.datasets.layouts import Option


def shared_options(tasks: Sequence[str], default: str | None) -> list[click.Parameter]:
    """Makes what every layout takes."""
    number = click.IntRange(min=1)
    return [
        click.Argument(["raw"], type=click.Path(path_type=Path)),
        click.Argument(["out"], type=click.Path(path_type=Path)),
        click.Option(
            ["--task"],
            type=click.Choice(list(tasks)),
            default=default,
            show_default=default is not None or "what the data say",
            help="What the dataset is for.",
        ),
        click.Option(
            ["--classes"],
            metavar="A,B,…",
            callback=_names,
            help="Names in the order of their indices; of a segmentation the background first.",
        ),
        click.Option(
            ["--map", "mapping"],
            multiple=True,
            metavar="VALUE=INDEX",
            callback=_mapping,
            help="A mask value besides 0 and 255, and its class index. Repeatable.",
        ),
        click.Option(
            ["--format", "kind"],
            type=click.Choice(["png", "nifti"]),
            default="png",
            show_default=True,
            help="Of the written images and masks.",
        ),
        click.Option(
            ["--size"],
            type=number,
            help="Longest side, pixels; larger images are shrunk, none is enlarged.",
        ),
        click.Option(
            ["--grey/--rgb"], default=None, help="Channels. [default: what the layout has]"
        ),
        click.Option(
            ["--folds"], type=click.IntRange(min=LEAST_FOLDS), help="Number of folds. [default: 5]"
        ),
        click.Option(
            ["--val"],
            type=float,
            metavar="SHARE",
            help="The share that one fold holds, instead of --folds: 0.2 is --folds 5.",
        ),
        click.Option(
            ["--keep-split"], is_flag=True, help="Keep the test part of data that came split apart."
        ),
        click.Option(
            ["--seed"],
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Of the assignment of folds.",
        ),
        click.Option(["--workers"], type=number, help="Processes. [default: all cores]"),
        click.Option(["--limit"], type=number, help="Take so many images, from all classes."),
        click.Option(["--skip-bad"], is_flag=True, help="Leave out what cannot be converted."),
        click.Option(
            ["--keep-conflicts"],
            is_flag=True,
            help="Keep near-duplicates that have different classes.",
        ),
        click.Option(
            ["--overwrite"], is_flag=True, help="Replace a dataset folder that stands at OUT."
        ),
        click.Option(["--dry-run"], is_flag=True, help="Read and check everything; write nothing."),
        click.Option(
            ["--audit/--no-audit"],
            default=True,
            show_default=True,
            help="Audit the new folder: audit.html and audit.json in it, marks as flags.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the summary as JSON."),
    ]


def own_option(option: Option) -> click.Option:
    """Makes an option of one layout of its line in the table."""
    text = option.help.rstrip(".") + "."
    if option.is_flag:
        return click.Option([option.flag, option.name], is_flag=True, default=None, help=text)
    kind = click.Choice(list(option.choices)) if option.choices else click.STRING
    if option.repeatable:
        text += " Repeatable."
    if option.default is not None:
        text += f" [default: {option.default}]"
    return click.Option(
        [option.flag, option.name], type=kind, multiple=option.repeatable, help=text
    )


def _mapping(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[int, int]:
    """Parses VALUE=INDEX."""
    mapping: dict[int, int] = {}
    for text in values:
        match = re.fullmatch(r"([0-9]{1,9})=([0-9]{1,9})", text)
        if match is None:
            raise click.BadParameter(f"{text!r} is not of the form VALUE=INDEX, such as 38=1")
        value, index = int(match[1]), int(match[2])
        if mapping.setdefault(value, index) != index:
            raise click.BadParameter(f"{value} is mapped to {mapping[value]} and to {index}")
    return mapping


def _names(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...]:
    """Parses names that commas separate."""
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    if len(set(names)) < len(names) or "" in names:
        raise click.BadParameter(f"{text!r} holds a name twice, or an empty one")
    return names
