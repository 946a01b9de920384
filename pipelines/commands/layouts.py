"""``med2d layouts``: what can be converted."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from pipelines.datasets.layouts import LAYOUTS


@click.command()
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
