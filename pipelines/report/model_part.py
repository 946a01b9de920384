"""The model of a report: what it is, what it takes and gives, and what it started from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.file_hash import sha256_of
from pipelines.report.sources import MODEL, Sources

_NOT_TOLD = ("_target_", "keys", "allow_missing_keys", "_disabled_", "_requires_")


def model_part(sources: Sources) -> dict[str, Any]:
    """Describes the model.

    Returns:
        ``bundle``, ``recipe``, ``title``, ``description``, ``network``, ``parameters`` (None where
        the weights are not at hand), ``input``, ``output``, ``weights`` (what training started
        from), ``preprocessing`` and ``augmentation`` (a line for each step), ``answers`` (what is
        done with the network's output: threshold, gate, temperature, mirror image).
    """
    config, metadata = sources.first.config, sources.first.files.get("metadata", {})
    return {
        "bundle": bundle_name(sources),
        "recipe": str(config.get("name", "")),
        "title": str(metadata.get("name", "") or bundle_name(sources)),
        "description": str(metadata.get("description", "")),
        "network": described(config.get("network_def", "not recorded")),
        "parameters": _parameters(sources),
        "input": _input(config, metadata),
        "output": str(metadata.get("label_classes", "")),
        "weights": _weights(config),
        "preprocessing": _steps(config.get("preprocessing")),
        "augmentation": _steps(config.get("augmentation")),
        "answers": _answers(sources),
    }


def bundle_name(sources: Sources) -> str:
    """Names the bundle that the runs are of."""
    config = sources.first.config
    scorer = config.get("scorer")
    if isinstance(scorer, Mapping) and scorer.get("bundle"):
        return str(scorer["bundle"])
    return str(sources.crossval.get("bundle", "not recorded"))


def described(component: Any) -> str:
    """Writes a component of a configuration as a call.

    Examples:
        >>> described({"_target_": "torch.optim.AdamW", "params": "@net", "lr": 0.01})
        'AdamW(lr=0.01)'
    """
    if not isinstance(component, Mapping):
        return readable(component)
    name = str(component.get("_target_", "")).rpartition(".")[2]
    told = {
        key: value
        for key, value in component.items()
        if key not in _NOT_TOLD and not (isinstance(value, str) and value.startswith("@"))
    }
    shown = ", ".join(f"{key}={_value(value)}" for key, value in told.items())
    return f"{name}({shown})" if name else f"{{{shown}}}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return described(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    return readable(value)


def readable(value: Any) -> str:
    """Writes a value of a configuration, also one that an expression makes.

    Examples:
        >>> readable("$0.002 if settings.is_none(@weights) else 0.001")
        '0.002 if weights is none else 0.001'
    """
    text = str(value).removeprefix("$")
    return re.sub(r"@(\w+)", r"\1", re.sub(r"settings\.is_none\(@?(\w+)\)", r"\1 is none", text))


def _steps(chain: Any) -> list[str]:
    """Lists the steps of a chain of transforms."""
    if isinstance(chain, Mapping):
        chain = chain.get("transforms", [])
    if not isinstance(chain, Sequence) or isinstance(chain, str):
        return []
    return [described(step) for step in chain if isinstance(step, Mapping)]


def _input(config: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    size = config.get("image_size")
    shown = f"{size} by {size} pixels" if isinstance(size, int) else ""
    return "; ".join(filter(None, [str(metadata.get("image_classes", "")), shown]))


def _weights(config: Mapping[str, Any]) -> str:
    weights = config.get("weights")
    if weights in (None, "", "null", "None"):
        return "random weights"
    normalisation = config.get("normalisation")
    ending = f" (input normalisation: {normalisation})" if normalisation else ""
    return f"pretrained weights {str(weights).rpartition('/')[2]}{ending}"


def _answers(sources: Sources) -> list[str]:
    config, files = sources.first.config, sources.first.files
    lines = []
    if str(config.get("flip_average", "")).lower() == "true":
        lines.append("Probabilities are means over the image and its left-right mirror image.")
    calibrations = [m.files["calibration"]["temperature"] for m in _with(sources, "calibration")]
    if calibrations:
        shown = ", ".join(f"{value:.3f}" for value in calibrations)
        lines.append(f"Calibrated at temperature {shown}, fitted on the validation fold.")
    if "threshold" in config:
        lines.append(f"A pixel is called lesion from a probability of {config['threshold']}.")
    if "operating_point" in files:
        gates = [m.files["operating_point"] for m in _with(sources, "operating_point")]
        shown = ", ".join(f"{gate['gate']:.3f}" for gate in gates)
        lines.append(
            f"An image below the gate of {shown} gets an empty mask; the gate was chosen on the "
            "validation fold."
        )
    return lines


def _with(sources: Sources, name: str) -> list[Any]:
    return [member for member in sources.members if name in member.files]


def _parameters(sources: Sources) -> int | None:
    """Counts the numbers of the network's weights."""
    path = sources.first.folder / MODEL
    if not path.is_file():
        return None
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # whatever a damaged or foreign file raises; the report does without
        return None
    tensors = [each for each in state.values() if isinstance(each, torch.Tensor)]
    return sum(each.numel() for each in tensors if each.is_floating_point())


def model_hash(sources: Sources) -> dict[str, str]:
    """Gives the SHA-256 of the weights of each run that has them, by the run's name."""
    paths = {member.name: member.folder / MODEL for member in sources.members}
    return {name: sha256_of(path) for name, path in paths.items() if path.is_file()}
