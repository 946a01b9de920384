"""The command ``med2d``: thin verbs. What is heavy is imported inside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

import pipelines
from pipelines.commands.audit import audit
from pipelines.commands.check import check
from pipelines.commands.compare import compare
from pipelines.commands.convert import convert
from pipelines.commands.crossval import crossval
from pipelines.commands.ctrl_c import one_ctrl_c
from pipelines.commands.demo import demo
from pipelines.commands.export import export
from pipelines.commands.layouts import layouts
from pipelines.commands.map import map_
from pipelines.commands.package import package
from pipelines.commands.phantom import phantom
from pipelines.commands.preview import preview
from pipelines.commands.register import register
from pipelines.commands.report import report
from pipelines.commands.rerun import rerun
from pipelines.commands.score import score
from pipelines.commands.search import search
from pipelines.commands.split import split
from pipelines.errors import InputError, no_room


class Refusal(click.ClickException):
    """What click shows as one line, and ends with code 2."""

    exit_code = 2


class Verbs(click.Group):
    """A group whose verbs end with one line and code 2 where the user can mend what is wrong."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs the program; Ctrl-C, however often, ends it with one line and code 130."""
        with one_ctrl_c():
            return super().main(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Reads the group's own options."""
        with _refusing():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the verb."""
        with _refusing():
            return super().invoke(ctx)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turns what the user can mend, and Ctrl-C, into one line.

    A command without arguments shows its help.
    """
    try:
        yield
    except InputError as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        full = no_room(error)
        if full is None:
            raise
        raise Refusal(str(full)) from error
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        line = " ".join(error.format_message().split()).rstrip(".")
        command = error.ctx.command_path if error.ctx else "med2d"
        raise Refusal(f"{line} (see {command} --help)") from error
    except KeyboardInterrupt:
        click.echo("Stopped by Ctrl-C.", err=True)
        raise click.exceptions.Exit(130) from None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipelines.__version__, prog_name="med2d")
def main() -> None:
    """From a folder of 2-D medical images to a model that can be trusted and deployed."""


for _command in (
    *(convert, layouts, phantom, audit, preview, split, export),
    *(crossval, search, score, compare, report, rerun, register, check, package, demo, map_),
):
    main.add_command(_command)
