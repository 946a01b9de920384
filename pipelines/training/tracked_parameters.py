"""What of a run's configuration becomes MLflow parameters: first what tells runs apart.

MLflow lists parameters by their names, and shows all of them with every picture. Those that tell
runs apart are few and have plain names. Of the other settings only those that the bundle does not
have of itself become parameters, below ``with.``, which comes after all of them. The whole
configuration is the artifact ``config.json``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from pipelines.bundles import bundle_names, bundle_root
from pipelines.training.run_folder import DIGEST
from pipelines.training.workflow import running_workflow

TELLING = (
    *("variant", "backbone", "network", "weights", "image_size", "loss", "optimizer"),
    *("learning_rate", "batch_size", "epochs", "fold", "seed"),
    *("dataset", "dataset_digest", "split_hash"),
)
"""The parameters that tell runs apart, as one would ask for them."""
WITH = "with."
"""Stands before the name of a setting that is not the bundle's own."""

_AS_THEY_ARE = ("image_size", "learning_rate", "batch_size", "epochs", "fold", "seed")
_LONGEST = 500
_AT_ONCE = 100  # that MLflow takes
_DIGITS = 12
_NOT_PARAMETERS = (
    *("imports", "initialize", "run", "finalize", "resume", "overwrite", "register"),
    *("bundle_root", "name", "dataset_dir", "output_dir", DIGEST),  # told otherwise
)


def run_parameters(
    config: Mapping[str, Any], content: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """A run's parameters by name, as text of at most 500 characters.

    Args:
        config: the run's configuration, references kept. Those of ``TELLING`` that are
            expressions are resolved by the running bundle; without one those of plain settings
            are, the others stay as they are.
        content: of the dataset, as ``recorded_content`` gives it, for the split's hash.
    """
    told = {k: str(v)[:_LONGEST] for k, v in _telling(config, content).items() if v is not None}
    own = flat_parameters(_shipped(config))
    flat = {k: v for k, v in flat_parameters(config).items() if own.get(k) != v}
    return {**told, **{WITH + k: v for k, v in flat.items() if told.get(k) != v}}


def _shipped(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of the bundle itself; nothing where it is none that ships."""
    name = config.get("scorer", {}).get("bundle")
    if name not in bundle_names():
        return {}
    path = bundle_root(name) / "configs" / "train.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _telling(config: Mapping[str, Any], content: Mapping[str, Any] | None) -> dict[str, Any]:
    """What tells runs apart; what a configuration does not say is None, or left out."""
    network = config.get("network_def")
    architecture = _target(network)
    backbone = network.get("backbone") if isinstance(network, Mapping) else None
    weights = _value(config, "weights")
    return {
        "variant": config.get("name"),
        "backbone": backbone or architecture,
        "network": architecture,
        "weights": ("none" if weights is None else Path(str(weights)).name)
        if "weights" in config
        else None,
        "loss": _target(config.get("loss")),
        "optimizer": _target(config.get("optimizer")),
        **{name: _value(config, name) for name in _AS_THEY_ARE},
        "dataset": Path(str(config["dataset_dir"])).name if "dataset_dir" in config else None,
        "dataset_digest": str(config[DIGEST])[:_DIGITS] if DIGEST in config else None,
        "split_hash": None if content is None else split_hash(content),
    }


def _target(component: Any) -> str | None:
    """The class of a component without its modules; an expression as it is."""
    if isinstance(component, Mapping):
        return str(component.get("_target_", "")).rpartition(".")[2] or None
    return component if isinstance(component, str) else None


def _value(config: Mapping[str, Any], name: str) -> Any:
    """A plain setting; an expression is resolved where a bundle runs."""
    value = config.get(name)
    workflow = running_workflow()
    if not isinstance(value, str) or not value.startswith(("$", "@")):
        return value
    if workflow is None:
        return _of_plain_settings(config, name)
    return workflow.parser.get_parsed_content(name)


def _of_plain_settings(config: Mapping[str, Any], name: str) -> Any:
    """An expression of settings that are plain values resolved; another one as it is.

    No component is made of a configuration that does not run.
    """
    plain = {key: value for key, value in config.items() if _is_plain(value)}
    told = {"imports": config.get("imports", []), name: config[name]}
    try:
        return ConfigParser({**plain, **told}).get_parsed_content(name)
    except Exception:  # of a component, or whatever the expression raises
        return config[name]


def _is_plain(value: Any) -> bool:
    is_expression = isinstance(value, str) and value.startswith(("$", "@"))
    return not is_expression and isinstance(value, str | int | float | None)


def split_hash(content: Mapping[str, Any]) -> str:
    """Hash which image stands in which fold or in the part for testing, and of nothing else.

    Runs with one hash trained, chose and were scored on the same images where their fold is the
    same, also where something else about the dataset differs.

    Args:
        content: of the dataset, as ``recorded_content`` gives it.

    Returns:
        12 hexadecimal digits.
    """
    places = [(_image(item), str(item.get("fold"))) for item in content["training"]]
    places += [(_image(item), "testing") for item in content["testing"]]
    text = "\n".join(" ".join(place) for place in sorted(places))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _image(item: Mapping[str, Any]) -> str:
    return str(item.get("sha256") or item["image"])


def flat_parameters(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration's values by dotted name, as text of at most 500 characters.

    Examples:
        >>> flat_parameters({"optimizer": {"_target_": "Adam", "lr": 0.1}, "run": "$0"})
        {'optimizer': 'Adam', 'optimizer.lr': '0.1'}
    """
    chosen = {k: v for k, v in config.items() if k not in _NOT_PARAMETERS}
    return {name: str(value)[:_LONGEST] for name, value in _leaves(chosen, "")}


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            child = name if key == "_target_" else f"{name}.{key}" if name else str(key)
            yield from _leaves(value, child)
    elif isinstance(node, list) and any(isinstance(value, Mapping | list) for value in node):
        for index, value in enumerate(node):
            yield from _leaves(value, f"{name}.{index}")
    else:
        yield name, node


def log_parameters(client: Any, run_id: str | None, values: Mapping[str, str]) -> None:
    """Log parameters to an MLflow run.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        values: text by name.
    """
    from mlflow.entities import Param

    params = [Param(name, value) for name, value in values.items()]
    for start in range(0, len(params), _AT_ONCE):
        client.log_batch(run_id, params=params[start : start + _AT_ONCE])
