"""What a run began from, so that it can be repeated: data, code, weights, versions, machine.

``record.json`` holds hashes and names; ``dataset_items.json`` the items of each dataset, so that a
later comparison can name the images that have changed. The settings stand in ``config.json``.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ignite.distributed as idist

from pipelines import __version__
from pipelines.atomic import write_text
from pipelines.datasets.dataset import Dataset, digest, read
from pipelines.datasets.dataset_difference import recorded_content
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.code_digest import bundle_files, code_files, digest_of
from pipelines.training.git_commit import git_commit
from pipelines.training.machine_record import library_versions, machine_record
from pipelines.training.named_files import named_datasets, named_files
from pipelines.training.workflow import given_overrides, running_workflow

FILE = "record.json"
"""What the run began from."""
ITEMS = "dataset_items.json"
"""The items of the datasets that the run began from."""
DATASET = "dataset_dir"
"""Id of the dataset folder in every configuration."""

_FORMAT = 1


def write_record(
    folder: Path, config: Mapping[str, Any], dataset: Dataset, bundle_root: str | Path
) -> None:
    """Write what a run begins from into its folder; each file appears whole or not at all.

    Args:
        folder: the run's folder, which must exist.
        config: the run's configuration, references kept; the files that it names are hashed.
        dataset: the dataset of the run.
        bundle_root: the bundle, whose configuration files are hashed.

    Raises:
        InputError: another dataset folder that the configuration names cannot be read.
    """
    others = {name: path for name, path in named_datasets(config).items() if name != DATASET}
    datasets = {DATASET: dataset, **{name: read(path, False) for name, path in others.items()}}
    files = {name: path for name, path in named_files(config).items() if name not in datasets}
    code, bundle = code_files(), bundle_files(bundle_root)
    record = {
        "format": _FORMAT,
        **_start(),
        "med2d": __version__,
        "commit": git_commit(),
        "datasets": {
            name: {"path": str(each.folder), "digest": digest(each)}
            for name, each in datasets.items()
        },
        "files": {
            name: {"path": str(path), "sha256": sha256_of(path)} for name, path in files.items()
        },
        "libraries": library_versions(),
        "machine": machine_record(_resolved("device") or "cpu"),
        "processes": idist.get_world_size(),
        "machine_fit": _machine_fit(),
        "code": {"digest": digest_of(code), "files": code},
        "bundle": {
            "path": str(Path(bundle_root).absolute()),
            "digest": digest_of(bundle),
            "files": bundle,
        },
        "resumed": [],
    }
    items = {name: recorded_content(each) for name, each in datasets.items()}
    write_text(folder / ITEMS, json.dumps(items, ensure_ascii=False) + "\n")
    _write(folder, record)


def write_resume(folder: Path) -> None:
    """Add to a run's record by what it goes on; a run without a record stays without one.

    Args:
        folder: the run's folder.

    Raises:
        InputError: the record cannot be read.
    """
    if not (folder / FILE).is_file():
        return
    record = read_record(folder)
    now = {
        **_start(),
        "code": digest_of(code_files()),
        "libraries": library_versions(),
        "machine": machine_record(_resolved("device") or "cpu"),
    }
    _write(folder, {**record, "resumed": [*record["resumed"], now]})


def read_record(folder: str | Path) -> dict[str, Any]:
    """What the run in a folder began from, as ``write_record`` wrote it.

    Raises:
        InputError: there is no record, or it cannot be read.
    """
    return _read(Path(folder) / FILE)


def read_items(folder: str | Path) -> dict[str, Any]:
    """The items of the datasets that the run in a folder began from, by the dataset's id.

    Raises:
        InputError: there is no record of them, or it cannot be read.
    """
    return _read(Path(folder) / ITEMS)


def record_tags(folder: str | Path) -> dict[str, str]:
    """What MLflow is told of a run's record; nothing where the run has none.

    Raises:
        InputError: the record cannot be read.
    """
    if not (Path(folder) / FILE).is_file():
        return {}
    record = read_record(folder)
    machine = record["machine"]
    tags = {
        "command": record["command"],
        "code": record["code"]["digest"],
        "bundle_configs": record["bundle"]["digest"],
        "cpu": machine["cpu"],
        "threads": machine["threads"],
        "processes": record["processes"],
        **{f"version.{name}": number for name, number in record["libraries"].items()},
        **{f"sha256.{name}": each["sha256"] for name, each in record["files"].items()},
    }
    if "gpu" in machine:
        tags["gpu"] = machine["gpu"]
    return {name.replace("::", "."): str(value) for name, value in tags.items()}


def _start() -> dict[str, Any]:
    files, overrides = given_overrides()
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(sys.orig_argv),
        "working_folder": str(Path.cwd()),
        "config_files": files,
        "overrides": json.loads(json.dumps(overrides, default=str)),
    }


def _resolved(name: str) -> Any:
    """A value of the running workflow; None where there is none."""
    workflow = running_workflow()
    if workflow is None or name not in workflow.parser:
        return None
    return workflow.parser.get_parsed_content(name)


def _machine_fit() -> dict[str, Any] | None:
    """What was chosen for the machine when the run began; None where nothing is chosen."""
    machine = _resolved("machine")
    return None if machine is None else asdict(machine)


def _write(folder: Path, record: Mapping[str, Any]) -> None:
    write_text(folder / FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"the run in {path.parent} has no {path.name}: it was started by an older med2d, which "
            "recorded no hashes of its data, code and weights, so it cannot be repeated with "
            "certainty; its settings stand in config.json: train again with them"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); train again") from error
