"""Whether a bundle's network answers as its metadata say, and is the same as TorchScript."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from monai.bundle import ConfigParser, ckpt_export, verify_net_in_out

from pipelines.deployment.checks.checked_bundle import INFERENCE, METADATA, CheckedBundle
from pipelines.deployment.checks.verdict import Verdict
from pipelines.deployment.quiet_exports import quiet_exports
from pipelines.errors import first_line
from pipelines.training.workflow import readable_cause

NETWORK, EXPORT = "network against its metadata", "export as TorchScript"
TOLERANCE = 1e-4
"""Largest difference of a logit between the network and its export."""

_NET, _SCRIPT = "network_def", "models/model.ts"


def check_network(bundle: CheckedBundle) -> Verdict:
    """Runs the network on random numbers: channels and type must be those of the metadata."""
    given = {"meta_file": str(bundle.folder / METADATA), "config_file": _inference(bundle)}
    try:
        with quiet_exports():
            verify_net_in_out(_NET, **given, device="cpu", bundle_root=str(bundle.folder))
    except Exception as error:  # whatever a network or a configuration raises is a finding
        return Verdict(NETWORK, (_told(error),))
    return Verdict(NETWORK)


def check_export(bundle: CheckedBundle) -> Verdict:
    """Exports the network with its weights, loads that again, and compares the answers.

    Where there are no weights it is exported untrained. A ``models/model.ts`` that is there is
    loaded and compared, too.
    """
    remark = "" if bundle.weights is not None else "with untrained weights"
    try:
        with quiet_exports(), TemporaryDirectory() as folder:
            problems = _compared(bundle, Path(folder))
    except Exception as error:  # whatever a network, its weights or TorchScript raise is a finding
        return Verdict(EXPORT, (_told(error),), remark=remark)
    return Verdict(EXPORT, tuple(problems), remark=remark)


def _compared(bundle: CheckedBundle, folder: Path) -> list[str]:
    parser = ConfigParser()
    parser.read_config(_inference(bundle))
    parser["bundle_root"] = str(bundle.folder)
    network = parser.get_parsed_content(_NET).eval()
    weights = bundle.weights
    if weights is None:
        weights = folder / "model.pt"
        torch.save(network.state_dict(), weights)
    else:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    exported = folder / "model.ts"
    ckpt_export(
        _NET,
        filepath=str(exported),
        ckpt_file=str(weights),
        meta_file=str(bundle.folder / METADATA),
        config_file=_inference(bundle),
        bundle_root=str(bundle.folder),
    )
    image = torch.rand(_shape(bundle), generator=torch.Generator().manual_seed(0))
    shipped = bundle.folder / _SCRIPT
    files = {"the export": exported, **({_SCRIPT: shipped} if shipped.is_file() else {})}
    with torch.no_grad():
        answer = network(image)
        found = {name: torch.jit.load(path)(image) for name, path in files.items()}
    return [told for name, each in found.items() if (told := _difference(name, each, answer))]


def _difference(name: str, found: torch.Tensor, expected: torch.Tensor) -> str:
    if found.shape != expected.shape:
        return f"{name} answers the shape {tuple(found.shape)}; expected {tuple(expected.shape)}"
    largest = float((found - expected).abs().max())
    if largest <= TOLERANCE:
        return ""
    return f"{name} answers otherwise than the network, by {largest:.2g} at most"


def _shape(bundle: CheckedBundle) -> tuple[int, ...]:
    """Shape of a batch of one image, (1, channels, height, width); a free size is 64 pixels."""
    told = ConfigParser.load_config_file(bundle.folder / METADATA)
    image = told["network_data_format"]["inputs"]["image"]
    sizes = (size if isinstance(size, int) else 64 for size in image["spatial_shape"])
    return (1, int(image["num_channels"]), *sizes)


def _inference(bundle: CheckedBundle) -> str:
    return str(bundle.folder / INFERENCE)


def _told(error: BaseException) -> str:
    """The error in a line: what a person can mend where it says that, else its first cause."""
    readable = readable_cause(error)
    if readable is not None:
        return str(readable)
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {first_line(error)}"
