"""Whether a bundle's configurations have the property ids by which programs find their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monai.bundle import ConfigParser
from monai.bundle.properties import InferProperties, MetaProperties, TrainProperties
from monai.utils import BundleProperty, BundlePropertyConfig

from pipelines.deployment.checks.checked_bundle import (
    EVALUATE,
    INFERENCE,
    METADATA,
    MULTI_GPU,
    TRAIN,
    CheckedBundle,
)
from pipelines.deployment.checks.verdict import Verdict
from pipelines.errors import first_line

_VALIDATION = ("evaluator", "val_interval")
_TRAININGS = ((TRAIN,), (TRAIN, EVALUATE), (TRAIN, MULTI_GPU))


def check_properties(bundle: CheckedBundle) -> list[Verdict]:
    """Checks the ids of each workflow: training, evaluation, several processes, inference.

    MONAI's ``check_properties`` stops at the first id that is missing, builds everything on the
    way, and names no id; here all are named and nothing is built.
    """
    trainings = [_training(bundle, files) for files in _TRAININGS]
    return [*trainings, _checked(bundle, (INFERENCE,), {**InferProperties, **MetaProperties})]


def _training(bundle: CheckedBundle, files: Sequence[str]) -> Verdict:
    if not bundle.has(files[-1]):
        why = f"it holds no {files[-1]}"
        return Verdict(_title(files), unchecked=why)
    return _checked(bundle, files, {**TrainProperties, **MetaProperties})


def _title(files: Sequence[str]) -> str:
    names = " with ".join(name.removeprefix("configs/") for name in files)
    return f"property ids of {names}"


def _checked(
    bundle: CheckedBundle, files: Sequence[str], properties: Mapping[str, Mapping[str, Any]]
) -> Verdict:
    parser = ConfigParser()
    try:
        parser.read_config([str(bundle.folder / name) for name in files])
        parser.read_meta(str(bundle.folder / METADATA))
    except Exception as error:  # a file that cannot be read or merged is a finding
        return Verdict(_title(files), (f"it cannot be read ({first_line(error)})",))
    return Verdict(_title(files), tuple(property_problems(parser, properties)))


def property_problems(
    parser: ConfigParser, properties: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Names every required id that a configuration lacks, and every part that stands elsewhere.

    An optional part may be left out; but what refers to it must refer to its id, since programs
    that change the part change it there.

    Args:
        parser: the configuration, with its metadata.
        properties: MONAI's, by name.
    """
    problems = []
    for name, told in properties.items():
        place, required = told[BundlePropertyConfig.ID], told.get(BundleProperty.REQUIRED, False)
        if required and place not in parser:
            problems.append(f"{place} is missing: {told[BundleProperty.DESC].rstrip('.')}")
        elif not required:
            problems += _elsewhere(parser, name, place, told.get(BundlePropertyConfig.REF_ID))
    return problems


def _elsewhere(parser: ConfigParser, name: str, place: str, referring: str | None) -> list[str]:
    """Says where a part stands elsewhere than its id says; nothing where all is well."""
    if referring is None:
        return []
    if name in _VALIDATION:
        where, found = f"{referring} of ValidationHandler", _of_validation(parser, referring)
    else:
        where, found = referring, parser.get(referring, None)
    if found is None or (isinstance(found, str) and found.startswith("$")):
        return []
    if found == f"@{place}":
        return [] if place in parser else [f"{place} is missing; {where} refers to it"]
    shown = found if isinstance(found, str) else "written out there"
    return [f"{where} is {shown}; expected @{place}, where programs look for it"]


def _of_validation(parser: ConfigParser, argument: str) -> Any:
    handlers = parser.get("train::handlers", None)
    for handler in handlers if isinstance(handlers, list) else []:
        if isinstance(handler, dict) and handler.get("_target_") == "ValidationHandler":
            return handler.get(argument)
    return None
