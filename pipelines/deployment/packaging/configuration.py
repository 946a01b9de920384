"""The inference configuration of a package: the run's, with nothing of it left to look up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipelines.deployment.packaging.library_modules import texts
from pipelines.errors import InputError
from pipelines.training.named_files import named_files
from pipelines.training.operating_point import least_share

WEIGHTS = "models/model.pt"
"""Place of the weights in a package."""

_CLASS_ANSWERS = "pipelines.deployment.class_answers.ClassAnswers"

_IMPORT = re.compile(r"\$import [\w.]+ as (\w+)|\$import (\w+)")


def package_configuration(
    inference: Mapping[str, Any],
    folder: Any,
    threshold: float | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Gives the content of a package's ``inference.json``.

    Args:
        inference: the run's, or the ensemble's.
        folder: the run's, or the ensemble's.
        threshold: of a pixel's probability, where one was chosen.
        thresholds: of the probability of classes, by name, where they were chosen.

    Returns:
        The same with the weights' place in a package, the chosen least region and thresholds as
        numbers, and without imports that nothing uses.

    Raises:
        InputError: it names a file, which would be missing elsewhere.
    """
    content = {**inference, "weights": f"$@bundle_root + '/{WEIGHTS}'"}
    if isinstance(content.get("least_share"), str):
        content["least_share"] = least_share(folder)
    if threshold is not None:
        content["threshold"] = threshold
    if thresholds:
        content["thresholds"] = dict(thresholds)
        content["handlers"] = [_told_thresholds(each) for each in content["handlers"]]
    files = named_files(content)
    if files:
        name, path = next(iter(files.items()))
        raise InputError(
            f"{folder}: {name} in configs/inference.json is the file {path}, which another machine "
            "does not have; train with a recipe that names no file there"
        )
    used = list(texts({key: value for key, value in content.items() if key != "imports"}))
    content["imports"] = [each for each in content.get("imports", ()) if _is_used(each, used)]
    return content


def _told_thresholds(handler: Any) -> Any:
    """The handler; the one that writes the classes, which an older run has without, with them."""
    if isinstance(handler, Mapping) and handler.get("_target_") == _CLASS_ANSWERS:
        return {**handler, "thresholds": "@thresholds"}
    return handler


def _is_used(statement: str, used: list[str]) -> bool:
    match = _IMPORT.fullmatch(statement)
    if match is None:
        return True
    name = re.compile(rf"\b{match[1] or match[2]}\.")
    return any(text.startswith("$") and name.search(text) for text in used)
