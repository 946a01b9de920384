"""What a package is made of: a run that has ended, or the ensemble of a cross-validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pipelines.bundles import bundle_names, bundle_root
from pipelines.crossval.ensemble_bundle import FOLDER as ENSEMBLE
from pipelines.crossval.ensemble_bundle import INFERENCE
from pipelines.deployment.array_answerer import read_configuration
from pipelines.errors import InputError
from pipelines.report.model_part import bundle_name
from pipelines.report.sources import CROSSVAL, Sources, read_sources
from pipelines.training.run_folder import MODEL

METADATA, LOGGING = "configs/metadata.json", "configs/logging.conf"
LICENCES = ("LICENSE", "docs/data_license.txt")


class PackagedRun(NamedTuple):
    """A run or a cross-validation that is packaged.

    Attributes:
        sources: what is known of it.
        folder: what answers pictures: the run's folder, or that of the ensemble.
        runs: the runs whose models answer.
        bundle: name of the bundle that they are of.
        inference: content of ``inference.json``.
        metadata: content of ``metadata.json``.
        licences: files, by their place in a bundle.
    """

    sources: Sources
    folder: Path
    runs: tuple[Path, ...]
    bundle: str
    inference: dict[str, Any]
    metadata: dict[str, Any]
    licences: dict[str, Path]


def packaged_run(folder: Path, dataset_dir: Path | None = None) -> PackagedRun:
    """Reads what is packaged.

    Args:
        folder: of a run, or of a cross-validation, whose ensemble is meant then.
        dataset_dir: where the dataset is now; the recorded place where not given.

    Raises:
        InputError: it is neither, or has not ended; or something that answers, or a licence, is
            missing.
    """
    sources = read_sources(folder, str(folder), dataset_dir)
    together = sources.kind == CROSSVAL
    answering = folder / ENSEMBLE if together else folder
    for name in (MODEL, INFERENCE, METADATA, LOGGING):
        if not (answering / name).is_file():
            way = (
                "give the command of the cross-validation again, or package one of its runs"
                if together
                else "give the command that started the run again with --resume true"
            )
            raise InputError(f"{answering} has no {name}, so nothing can answer; {way}")
    metadata = read_configuration(answering, METADATA)
    runs: tuple[Path, ...] = (answering,)
    if together:
        runs = tuple(folder / str(origin["run"]) for origin in metadata.get("ensemble", ()))
        if not runs or not all(run.is_dir() for run in runs):
            raise InputError(f"{answering} names runs that are not in {folder}; put them back")
    bundle = bundle_name(sources)
    return PackagedRun(
        *(sources, answering, runs, bundle, read_configuration(answering, INFERENCE), metadata),
        _licences(answering, bundle, sources),
    )


def _licences(answering: Path, bundle: str, sources: Sources) -> dict[str, Path]:
    """Finds the licences in the folder itself, in the bundle as recorded, or as shipped."""
    recorded = sources.first.files.get("record", {}).get("bundle", {}).get("path")
    places = [answering, *([Path(str(recorded))] if recorded else [])]
    places += [bundle_root(bundle)] if bundle in bundle_names() else []
    found = {}
    for name in LICENCES:
        there = [place / name for place in places if (place / name).is_file()]
        if not there:
            raise InputError(
                f"there is no {name} of the bundle {bundle} in {', '.join(map(str, places))}; a "
                "package needs it: put it into one of them"
            )
        found[name] = there[0]
    return found
