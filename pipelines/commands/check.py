"""``med2d check``: whether a bundle is what the Model Zoo and other programs expect."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("bundle")
@click.option(
    "--run",
    "trains",
    is_flag=True,
    help="Also train it for an epoch on made images, evaluate that and answer by it: minutes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
def check(bundle: str, trains: bool, as_json: bool) -> None:
    """Check a BUNDLE as the Model Zoo's tests do, and whether other programs can read it.

    BUNDLE is a shipped bundle's name, or the folder of a bundle, a run, an ensemble or a package,
    or a package's zip. Nothing is downloaded, and nothing is written into it. Every problem is
    named; the exit code is 1 where there is any.
    """
    from pipelines.deployment.checks.checked_bundle import checked_bundle
    from pipelines.deployment.checks.run import check_bundle
    from pipelines.deployment.checks.verdict import OK, PROBLEM, UNCHECKED

    verdicts = []
    with checked_bundle(bundle) as found:
        if not as_json:
            click.echo(f"{found.kind} {found.name}")
        for verdict in check_bundle(found, trains):
            verdicts.append(verdict)
            if not as_json:
                click.echo("\n".join(verdict.lines()))
    states = [verdict.state for verdict in verdicts]
    counts = {state: states.count(state) for state in (OK, PROBLEM, UNCHECKED)}
    if as_json:
        checks = [verdict.record() for verdict in verdicts]
        content = {"bundle": found.name, "kind": found.kind, "counts": counts, "checks": checks}
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    if PROBLEM in states:
        raise click.exceptions.Exit(1)
