"""``med2d map``: what ``docker build`` needs for a MONAI Application Package."""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)


@click.command("map")
@click.argument("bundle", type=_PATH)
@click.option("-o", "--output", required=True, type=_PATH, help="Folder of the build context.")
@click.option("--overwrite", is_flag=True, help="Replace a build context that is there.")
def map_(bundle: Path, output: Path, overwrite: bool) -> None:
    """Write the build context of a MONAI Application Package of BUNDLE, a package or its zip.

    It holds the Dockerfile, app.json, pkg.json, the application and the model. The image answers
    DICOM studies where MONAI Deploy runs. The command that builds it is printed.
    """
    from pipelines.deployment.map.context import engine_problem, write_context

    context = write_context(bundle, output, overwrite)
    click.echo(f"written: {context.folder}")
    problem = engine_problem()
    where = f"{problem}, so nothing is built here. Where one is: " if problem else "build it by: "
    click.echo(f"{where}{context.command}")
