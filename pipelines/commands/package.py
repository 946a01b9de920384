"""``med2d package``: a run as a folder and a zip that others can use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.deployment.packaging.package import Written

_PATH = click.Path(path_type=Path)
_SHARE = click.FloatRange(0, 1, min_open=True)


@click.command()
@click.argument("run", metavar="RUN|CROSSVAL", type=_PATH)
@click.option(
    "-o", "--output", required=True, type=_PATH, help="The package's folder; PACKAGE.zip beside it."
)
@click.option("--dataset_dir", type=_PATH, help="Where the dataset is now. [default: as recorded]")
@click.option("--sensitivity", type=_SHARE, help="Choose a threshold of --class that reaches this.")
@click.option("--specificity", type=_SHARE, help="Choose a threshold of --class that reaches this.")
@click.option("--class", "label", metavar="NAME", help="The class that the threshold is for.")
@click.option("--best-dice", is_flag=True, help="Of masks: choose the threshold of the best Dice.")
@click.option(
    "--most-probable", is_flag=True, help="Of classes: the most probable one is the answer."
)
@click.option("--research", is_flag=True, help="Package it without calibration or operating point.")
@click.option(
    "--intended-use", metavar="TEXT", help="What it is for. [default: the bundle's words]"
)
@click.option(
    "--formats",
    metavar="ts,pt2,onnx",
    default="ts,pt2,onnx",
    show_default=True,
    help="Formats beside model.pt: TorchScript, torch.export, ONNX.",
)
@click.option("--overwrite", is_flag=True, help="Replace a package that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the package's record as JSON.")
def package(
    run: Path,
    output: Path,
    dataset_dir: Path | None,
    research: bool,
    intended_use: str | None,
    formats: str,
    overwrite: bool,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Make a checked package of a RUN, or of the ensemble of a cross-validation.

    It holds the weights, TorchScript, torch.export and ONNX, the configuration and the modules that
    it needs, a model card, licences and checksums. Every format is compared with the network on 100
    pictures. A threshold is chosen on the validation fold, never on the scored images.
    """
    from pipelines.deployment.packaging.operating_point import Wanted
    from pipelines.deployment.packaging.package import Request, write_package

    request = Request(
        *(run, output, dataset_dir, Wanted(**wanted), research, intended_use),
        *(_formats(formats), overwrite),
    )
    written = write_package(request, lambda step: click.echo(step, err=True))
    if as_json:
        click.echo(json.dumps(written.record, indent=1, ensure_ascii=False))
    else:
        _print(written)


def _formats(text: str) -> tuple[str, ...]:
    from pipelines.deployment.packaging.exported_formats import FORMATS

    names = tuple(name.strip() for name in text.split(","))
    if not set(names) <= set(FORMATS) or len(set(names)) < len(names):
        raise InputError(f"--formats {text}: expected some of {', '.join(FORMATS)}, each once")
    return names


def _print(written: Written) -> None:
    record = written.record
    for check in record["checks"]:
        click.echo(
            f"{check['format']}: {check['how']}; largest difference "
            f"{check['largest_difference']:.1e} on {check['images']} pictures"
        )
    if record["research"]:
        click.echo(f"for research only: {' '.join(record['research_reasons'])}")
    click.echo(f"written: {written.folder} (its card is docs/README.md) and {written.zip}")
