"""Whether a bundle's metadata.json says what it must, in the form that it must have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft7Validator

from pipelines.bundles import metadata_schema
from pipelines.deployment.checks.checked_bundle import METADATA, CheckedBundle
from pipelines.deployment.checks.verdict import Verdict
from pipelines.errors import first_line

SCHEMA, VERSION = "metadata against the schema", "version in the changelog"


def check_metadata(bundle: CheckedBundle) -> Verdict:
    """Checks metadata.json against the rules of its schema, which need no download.

    The rules are those of ``bundles/metadata_schema.json``: what the Model Zoo requires, and the
    types of MONAI's bundle specification.
    """
    content, fault = read_metadata(bundle)
    if fault:
        return Verdict(SCHEMA, (fault,))
    return Verdict(SCHEMA, tuple(_broken_rules(content)))


def check_version(bundle: CheckedBundle) -> Verdict:
    """Checks that the changelog tells of the version."""
    content, fault = read_metadata(bundle)
    if fault:
        return Verdict(VERSION, (fault,))
    problems = _version_problems(content)
    return Verdict(VERSION, tuple(problems), remark="" if problems else str(content["version"]))


def metadata_problems(content: Mapping[str, Any]) -> list[str]:
    """Names every rule that metadata break, and a version that the changelog does not tell of.

    Args:
        content: of ``metadata.json``.
    """
    return [*_broken_rules(content), *_version_problems(content)]


def _broken_rules(content: Mapping[str, Any]) -> list[str]:
    found = sorted(
        Draft7Validator(metadata_schema()).iter_errors(content), key=lambda e: e.json_path
    )
    return [f"{_place(error.json_path)}: {first_line(error)}" for error in found]


def _version_problems(content: Mapping[str, Any]) -> list[str]:
    missing = [f"{name} is missing" for name in ("version", "changelog") if name not in content]
    if missing:
        return missing
    version, changelog = content["version"], content["changelog"]
    if isinstance(version, str) and isinstance(changelog, dict) and version in changelog:
        return []
    return [f"the changelog does not tell of version {version}"]


def read_metadata(bundle: CheckedBundle) -> tuple[dict[str, Any], str]:
    """Gives the metadata of a bundle, and what is wrong with their file; "" where nothing is."""
    try:
        content = json.loads((bundle.folder / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {}, f"{METADATA} cannot be read ({first_line(error)})"
    return (content, "") if isinstance(content, dict) else ({}, f"{METADATA} holds no JSON object")


def _place(path: str) -> str:
    """A place as the schema's language has it, in words: ``$.a.b`` is ``a.b``."""
    return path.removeprefix("$").removeprefix(".") or METADATA
