"""Whether a bundle has what other programs of MONAI read of it, in the form that they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monai.bundle import ConfigParser

from pipelines.deployment.checks.checked_bundle import EVALUATE, INFERENCE, TRAIN, CheckedBundle
from pipelines.deployment.checks.metadata import read_metadata
from pipelines.deployment.checks.verdict import Verdict
from pipelines.errors import first_line

LABEL_ANSWERS = "what MONAI Label reads to answer images"
LABEL_TRAINS = "what MONAI Label reads and changes to train"
FEDERATED = "what MonaiAlgo reads, for federated learning"

_ANSWERS = ("bundle_root", "device", "network_def", "preprocessing", "postprocessing", "inferer")
_TRAINS = (
    *("bundle_root", "device", "network", "network_def", "train::trainer::max_epochs"),
    *("train::dataset::data", "train::handlers", "validate::dataset::data", "run"),
)
_SITE = (
    *("bundle_root", "train::trainer", "train::trainer::max_epochs", "train::trainer::network"),
    *("validate::evaluator", "validate::evaluator::network"),
)
_IMAGE, _PRED = "image", "pred"


def check_label_answers(bundle: CheckedBundle) -> Verdict:
    """Checks ``inference.json`` for the ``monaibundle`` app of MONAI Label.

    The app takes the network, the preprocessing, the inferer and the postprocessing by their
    names, hands an item over that holds an image alone, and leaves ``SaveImaged`` out
    (monailabel/tasks/infer/bundle.py).
    """
    content, problems = _read(bundle, INFERENCE)
    if problems:
        return Verdict(LABEL_ANSWERS, tuple(problems))
    metadata, fault = read_metadata(bundle)
    problems = _missing(content, _ANSWERS) + ([fault] if fault else _tensors(metadata))
    for loader in _transforms(content, "preprocessing"):
        if loader.get("_target_") in ("LoadImaged", "monai.transforms.LoadImaged"):
            more = [key for key in _keys(loader) if key != _IMAGE]
            if more:
                problems.append(
                    f"preprocessing loads {', '.join(more)} by LoadImaged, which the app replaces "
                    "by a loader that stops where an item has none; load it by "
                    "transforms.load_label.LoadLabeld"
                )
    return Verdict(LABEL_ANSWERS, tuple(problems))


def check_label_trains(bundle: CheckedBundle) -> Verdict:
    """Checks ``train.json`` for the ``monaibundle`` app of MONAI Label.

    The app gives the lists of images, the epochs and the device, and puts a loader of weights
    into the list of handlers (monailabel/tasks/train/bundle.py).
    """
    return _of_training(bundle, LABEL_TRAINS, TRAIN, _TRAINS)


def check_federated(bundle: CheckedBundle) -> Verdict:
    """Checks ``train.json`` and ``evaluate.json`` for ``monai.fl.client.MonaiAlgo``."""
    verdict = _of_training(bundle, FEDERATED, TRAIN, _SITE)
    if verdict.unchecked or bundle.has(EVALUATE):
        return verdict
    missing = f"{EVALUATE} is missing; MonaiAlgo evaluates by it"
    return verdict._replace(problems=(*verdict.problems, missing))


def _of_training(bundle: CheckedBundle, title: str, file: str, wanted: Sequence[str]) -> Verdict:
    if not bundle.has(file):
        return Verdict(title, unchecked=f"it holds no {file}")
    content, problems = _read(bundle, file)
    if problems:
        return Verdict(title, tuple(problems))
    return Verdict(title, tuple(_missing(content, wanted) + _handlers(content)))


def _read(bundle: CheckedBundle, file: str) -> tuple[ConfigParser, list[str]]:
    parser = ConfigParser()
    try:
        parser.read_config(str(bundle.folder / file))
    except Exception as error:  # a file that cannot be read is a finding
        return parser, [f"{file} cannot be read ({first_line(error)})"]
    return parser, []


def _missing(parser: ConfigParser, wanted: Sequence[str]) -> list[str]:
    return [f"{name} is missing" for name in wanted if name not in parser]


def _tensors(metadata: Mapping[str, Any]) -> list[str]:
    """The first input and the first output, which both programs take, must have these names."""
    data, problems = metadata.get("network_data_format", {}), []
    if not isinstance(data, dict):
        return [f"network_data_format is {data!r}; expected an object with inputs and outputs"]
    for part, name in (("inputs", _IMAGE), ("outputs", _PRED)):
        tensors = data.get(part, {})
        found = next(iter(tensors), None) if isinstance(tensors, dict) else tensors
        if found != name:
            problems.append(
                f"the first of network_data_format's {part} is {found}; expected {name}"
            )
    return problems


def _handlers(parser: ConfigParser) -> list[str]:
    handlers = parser.get("train::handlers", [])
    if not isinstance(handlers, list):
        return ["train::handlers is no list; programs add to it"]
    return [
        f"train::handlers::{place} is {handler!r}; expected a component written out there"
        for place, handler in enumerate(handlers)
        if not (isinstance(handler, dict) and "_target_" in handler)
    ]


def _transforms(parser: ConfigParser, name: str) -> Iterator[Mapping[str, Any]]:
    found = parser.get(name, {})
    transforms = found.get("transforms", []) if isinstance(found, dict) else found
    for each in transforms if isinstance(transforms, list) else []:
        if isinstance(each, dict):
            yield each


def _keys(transform: Mapping[str, Any]) -> list[str]:
    keys = transform.get("keys", [])
    return [str(key) for key in keys] if isinstance(keys, list) else [str(keys)]
