"""``med2d register``: a run's model in MLflow's registry, and whether it is the best one."""

from __future__ import annotations

import click


@click.command()
@click.argument("run")
@click.option(
    "--best",
    is_flag=True,
    help="Call it `best` where a comparison with the present holder supports it.",
)
@click.option("--score", metavar="NAME", help="That is compared. Default: the task's first score.")
def register(run: str, best: bool, score: str | None) -> None:
    """Make the model of a RUN, a folder or an MLflow run id, a version in MLflow's registry.

    The registered model is named after the bundle. With --best the run's cases are compared with
    those of the version that is called best, image by image, as med2d compare does: the alias moves
    only where the interval of the difference lies above 0.
    """
    from pipelines.deployment.model_registry import register as make_version
    from pipelines.deployment.model_registry import tracked_folder
    from pipelines.errors import InputError

    if score is not None and not best:
        raise InputError("--score says what --best compares; give --best, too")
    with tracked_folder(run) as tracked:
        done = make_version(tracked, best, score)
    click.echo("\n".join(done.lines()))
