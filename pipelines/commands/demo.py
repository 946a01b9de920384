"""``med2d demo``: a page in the browser to try a model on images."""

from __future__ import annotations

import math
from pathlib import Path

import click

from pipelines.errors import InputError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True)
@click.option(
    "--max-upload",
    type=click.FloatRange(min=0.1),
    default=50,
    show_default=True,
    metavar="MB",
    help="Most that a file may have, and a picture of it unpacked.",
)
@click.option(
    "--dataset_dir",
    type=click.Path(path_type=Path),
    help="Where the dataset of a run is, to warn of images unlike it. [default: as recorded]",
)
@click.option("--device", default="cpu", show_default=True, help="Where it computes, such as cuda.")
def demo(
    bundle: Path,
    host: str,
    port: int,
    max_upload: float,
    dataset_dir: Path | None,
    device: str,
) -> None:
    """Open a page on this machine that answers images by BUNDLE, until Ctrl-C.

    BUNDLE is a package, a run's folder, or the ensemble of a cross-validation. The page takes PNG,
    JPEG and DICOM, shows the answer with its outline or heat map, and keeps nothing. Research use
    only.
    """
    _check_limit(max_upload)
    from pipelines.demo.kept import ending_on_terminate, own_place, swept

    with own_place() as place, ending_on_terminate(), swept(place):
        _check_installed()
        from pipelines.demo.examples import examples
        from pipelines.demo.model import load_model
        from pipelines.demo.page import page
        from pipelines.demo.server import address_of, serve, taken

        with taken(host, port) as bound:
            model = load_model(bundle, device, dataset_dir)
            blocks = page(model, examples(model.bundle), max_upload, place)
            address = address_of(bound)
            told = f"{model.title}: open {address} in a browser; Ctrl-C ends it"
            serve(blocks, bound, place, max_upload, told)


def _check_limit(megabytes: float) -> None:
    if not math.isfinite(megabytes):
        raise InputError(f"--max-upload is {megabytes}; expected a number of megabytes, such as 50")


def _check_installed() -> None:
    try:
        import gradio  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            f"the page needs {error.name}, which is not installed: pip install 'med2d[demo]' "
            "(from a checkout: pip install -e '.[demo]' -c constraints.txt)"
        ) from error
