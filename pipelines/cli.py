"""The command ``med2d``: thin verbs. What is heavy is imported inside them."""

from __future__ import annotations

import importlib
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

import pipelines
from pipelines.convert_options import own_option, shared_options
from pipelines.convert_summary import print_summary, summary
from pipelines.datasets.exports import EXPORTS
from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.datasets.phantoms import PHANTOMS, Phantom
from pipelines.errors import InputError


class Refusal(click.ClickException):
    """What click shows as one line, and ends with code 2."""

    exit_code = 2


class Verbs(click.Group):
    """A group whose verbs end with one line and code 2 where the user can mend what is wrong."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Reads the group's own options."""
        with _refusing():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the verb; Ctrl-C ends it with one line and code 130."""
        try:
            with _refusing():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Stopped by Ctrl-C.", err=True)
            ctx.exit(130)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turns what the user can mend into one line; a command without arguments shows its help."""
    try:
        yield
    except InputError as error:
        raise Refusal(str(error)) from error
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        line = " ".join(error.format_message().split()).rstrip(".")
        command = error.ctx.command_path if error.ctx else "med2d"
        raise Refusal(f"{line} (see {command} --help)") from error


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipelines.__version__, prog_name="med2d")
def main() -> None:
    """From a folder of 2-D medical images to a model that can be trusted and deployed."""


@main.group()
def convert() -> None:
    """Convert the folder RAW, as people have it, to the dataset folder OUT.

    OUT appears whole or not at all. Images that are near-duplicates of one another, or of one
    patient, share a group, and no group is split between folds. A stopped run goes on where it
    was when the same command is given again. The layouts: med2d layouts.
    """


def _layout_command(layout: Layout) -> click.Command:
    """Makes the command of a layout of its line in the table."""
    tasks = list(layout.bundles)
    return click.Command(
        layout.name,
        params=[
            *shared_options(tasks, tasks[0]),
            *(own_option(option) for option in layout.options),
        ],
        callback=partial(_convert, layout),
        short_help=layout.description[:1].upper() + layout.description[1:],
        help=(f"{layout.description[:1].upper()}{layout.description[1:]}.\n\n\b\n{layout.tree}"),
    )


def _auto(raw: Path, out: Path, **options: Any) -> None:
    """Recognise the layout of the folder RAW, say which it is and why, and convert it.

    Where two layouts fit, or none does, nothing is converted.
    """
    from pipelines.datasets.layouts.signs import the_one

    layout, evidence = the_one(raw)
    click.echo(f"{raw} is of the {layout.name} layout: it holds {evidence}", err=True)
    try:
        _convert(layout, raw, out, **options)
    except InputError as error:
        if any(option.flag in str(error) for option in layout.options):
            command = f"med2d convert {layout.name} {shlex.quote(str(raw))} {shlex.quote(str(out))}"
            raise InputError(f"{error}. Those options belong to: {command}") from error
        raise


def _convert(layout: Layout, raw: Path, out: Path, **given: Any) -> None:
    """Converts a folder and prints the summary."""
    from pipelines.datasets.convert import convert as run
    from pipelines.datasets.options import DEFAULT_FOLDS, Options, folds_of_share

    as_json, grey, folds, val = (given.pop(name) for name in ("as_json", "grey", "folds", "val"))
    if folds is not None and val is not None:
        raise InputError("--folds and --val say the same in two ways; give one of them")
    own = {option.name: given.pop(option.name, None) or None for option in layout.options}
    options = Options(
        channels=None if grey is None else (1 if grey else 3),
        folds=folds or (DEFAULT_FOLDS if val is None else folds_of_share(val)),
        layout={name: value for name, value in own.items() if value is not None},
        **given,
    )
    try:
        made = run(raw, out, layout.name, options, say=partial(click.echo, err=True))
    except KeyboardInterrupt:
        if not options.dry_run:
            click.echo("What is done is kept: the same command goes on from there.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(summary(made, out), indent=1, ensure_ascii=False))
    else:
        print_summary(made, out)


for _layout in LAYOUTS.values():
    convert.add_command(_layout_command(_layout))
convert.add_command(
    click.Command(
        "auto",
        params=shared_options(
            list(dict.fromkeys(task for each in LAYOUTS.values() for task in each.bundles)), None
        ),
        callback=_auto,
        short_help="Whichever of them the folder is of",
        help=_auto.__doc__,
    )
)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def layouts(as_json: bool) -> None:
    """List the raw layouts, each with an example, its tasks and its own options."""
    if as_json:
        table = [asdict(layout) for layout in LAYOUTS.values()]
        click.echo(json.dumps(table, indent=1, ensure_ascii=False))
        return
    for layout in LAYOUTS.values():
        click.echo(f"{layout.name}: {layout.description} (for {', '.join(layout.bundles)})")
        for line in layout.tree.splitlines():
            click.echo(f"    {line}")
        for option in layout.options:
            click.echo(f"  {option.flag}: {option.help}")
        click.echo()
    click.echo("What all take: med2d convert LAYOUT --help")


@main.group()
def phantom() -> None:
    """Make a raw folder of synthetic images, to try everything without data."""


def _phantom_command(made: Phantom) -> click.Command:
    """Makes the command of a phantom of its line in the table."""
    folder = click.Path(path_type=Path)
    number = click.IntRange(min=1)
    seed = click.IntRange(min=0)
    return click.Command(
        made.name,
        params=[
            click.Argument(["out"], type=folder),
            click.Option(["--count"], type=number, default=made.count, show_default=True),
            click.Option(["--seed"], type=seed, default=0, show_default=True),
            click.Option(
                ["--size"],
                type=number,
                default=made.size,
                show_default=True,
                help="Of the longer side, in pixels.",
            ),
            *(click.Option([f"--{flag}"], is_flag=True, help=text) for flag, text in made.flags),
            click.Option(["--workers"], type=number, help="Processes. [default: all cores]"),
            click.Option(
                ["--overwrite"], is_flag=True, help="Replace a made folder that stands at OUT."
            ),
        ],
        callback=partial(_make, made),
        short_help=made.description[:1].upper() + made.description[1:],
        help=f"Make {made.description}, in the folder OUT.",
    )


def _make(made: Phantom, out: Path, **options: Any) -> None:
    """Makes a phantom and says what to do with it."""
    from pipelines.progress import counting

    maker = getattr(importlib.import_module(made.module), made.function)
    with counting("making") as report:
        maker(out, progress=report, **options)
    click.echo(f"{options['count']} images in {out}")
    end = f" {made.options}" if made.options else ""
    click.echo(f"next: med2d convert {made.convert} {shlex.quote(str(out))} DATASET{end}")


for _made in PHANTOMS.values():
    phantom.add_command(_phantom_command(_made))


@main.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    type=click.Choice(list(EXPORTS)),
    help="; ".join(f"{each.name}: {each.description}" for each in EXPORTS.values()) + ".",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Side of the letterboxed images in pixels (npz).",
)
@click.option(
    "--fold",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The fold that is the test part; the next one validates (yolo).",
)
@click.option(
    "--number",
    type=click.IntRange(1, 999),
    default=501,
    show_default=True,
    help="Of the dataset (nnunet).",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option("--overwrite", is_flag=True, help="Replace an export that stands at OUT.")
def export(dataset: Path, out: Path, to: str, **options: Any) -> None:
    """Write the dataset folder DATASET as other programs read it, into the folder OUT."""
    from pipelines.datasets.export import export as run

    run(dataset, out, to, say=partial(click.echo, err=True), **options)
    click.echo(f"written to {out}")
