"""The folder of one run: when it may be written to, and the configuration that it records."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import ignite.distributed as idist
import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY, digest, read
from pipelines.errors import InputError
from pipelines.training.processes import check_alike, check_resumable, check_shared
from pipelines.training.run_bundle import write_run_bundle
from pipelines.training.run_record import FILE as RECORD
from pipelines.training.run_record import read_record, write_record, write_resume
from pipelines.training.weight_origin import WEIGHTS, check_weights
from pipelines.training.workflow import running_config, running_workflow

CONFIG = "config.json"
"""The run's resolved configuration: merged files and overrides, ``@`` references kept."""
CHECKPOINT = "checkpoint.pt"
"""The last full state, from which a killed run goes on."""
MODEL = "model.pt"
"""State dict of the network at the best epoch on the validation fold."""

DIGEST = "dataset_digest"
"""Key under which a recorded configuration holds the digest of the dataset's content."""

_WORDS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def flag(value: Any, name: str) -> bool:
    """A yes or no from a configuration or the command line, where ``true`` arrives as a word.

    Raises:
        InputError: neither yes nor no.
    """
    word = str(value).strip().lower()
    if word not in _WORDS:
        raise InputError(f"{name} is {value!r}; expected true or false")
    return _WORDS[word]


def check_output_dir(output_dir: str | Path, resume: Any, overwrite: Any) -> None:
    """Check, before anything that takes time, that a run may be written to a folder.

    Args:
        output_dir: the run's folder.
        resume: go on with the run in it.
        overwrite: replace the run in it.

    Raises:
        InputError: the folder holds something and neither was asked for, or no run at all.
    """
    resume, overwrite = flag(resume, "resume"), flag(overwrite, "overwrite")
    if idist.get_rank() == 0:
        _check_folder(Path(output_dir), resume, overwrite)


def prepare(
    output_dir: str | Path,
    resume: Any,
    overwrite: Any,
    dataset_dir: str | Path,
    bundle_root: str | Path,
) -> Path:
    """Make a run's folder, or take up that of one that goes on, and record what it begins from.

    Only the first process of several touches the disk; the others must see what it has made.

    Args:
        output_dir: the run's folder.
        resume: go on with the run in it; an empty or missing folder starts afresh. Goes before
            ``overwrite`` where both are given.
        overwrite: remove the run in it first; only a folder that holds a run is removed.
        dataset_dir: the dataset folder, whose digest is recorded as ``dataset_digest``; and where
            its split leaks on purpose, ``leaky``.
        bundle_root: the bundle, whose ``inference.json`` the run gets a copy of.

    Returns:
        The folder's path.

    Raises:
        InputError: the folder holds something and neither was asked for; it holds another kind of
            thing; it cannot be written; the run in it had another configuration, or another number
            of processes; the weights to begin from have seen images that will be scored; or of
            several machines one has other data, or does not see the folder.
    """
    folder = Path(output_dir)
    resume, overwrite = flag(resume, "resume"), flag(overwrite, "overwrite")
    if idist.get_world_size() > 1:
        check_alike({"the content of dataset_dir": digest(read(dataset_dir))})
    if idist.get_rank() == 0:
        dataset = read(dataset_dir)
        config = {**_plain(running_config()), **_probed(), DIGEST: digest(dataset)}
        given = {**config, **_resolved("fold", WEIGHTS)}
        if isinstance(given.get("fold"), int):
            check_weights(given, dataset, given["fold"])
        config |= {LEAKY: True} if dataset.leaky else {}
        try:
            goes_on = _prepare(folder, config, resume, overwrite)
            write_run_bundle(folder, config, bundle_root)
            if goes_on:
                write_resume(folder)
            else:
                write_record(folder, config, dataset, bundle_root)
        except OSError as error:
            raise InputError(
                f"output_dir {folder} cannot be written ({error.strerror or error}); choose another"
            ) from error
    idist.barrier()
    check_shared(folder / CONFIG)
    return folder


def _prepare(folder: Path, config: dict[str, Any], resume: bool, overwrite: bool) -> bool:
    """Makes the folder and writes the configuration; tells whether a training goes on in it."""
    occupied = _check_folder(folder, resume, overwrite)
    if occupied and resume and not _is_own(folder):
        if (folder / RECORD).is_file():
            check_resumable(read_record(folder), folder)
        _check_same(recorded(folder), config, folder)
    elif occupied:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    workflow = running_workflow()
    if workflow is not None:
        _MADE[workflow] = folder.absolute()
    write_text(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    return (folder / CHECKPOINT).is_file()


def _check_folder(folder: Path, resume: bool, overwrite: bool) -> bool:
    """Whether a run stands in the folder already, which may be written to."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"output_dir {folder} is a file; expected a folder. Choose another")
    occupied = folder.is_dir() and any(not _is_left_over(path) for path in folder.iterdir())
    if occupied and not _is_run(folder):
        raise InputError(f"output_dir {folder} holds other files and no run; choose another folder")
    if occupied and not (resume or overwrite or _is_own(folder)):
        raise InputError(
            f"output_dir {folder} already holds a run; go on with it by --resume true, replace it "
            "by --overwrite true, or choose another --output_dir"
        )
    return occupied


_MADE: WeakKeyDictionary[ConfigWorkflow, Path] = WeakKeyDictionary()
"""The folder that each workflow of this process has made."""


def _is_own(folder: Path) -> bool:
    """Whether the running workflow made the folder, and has not trained in it.

    MONAI's client for federated learning initializes a workflow twice.
    """
    workflow = running_workflow()
    made = None if workflow is None else _MADE.get(workflow)
    return made == folder.absolute() and not (folder / CHECKPOINT).exists()


def _is_left_over(path: Path) -> bool:
    """Whether a killed run left this unfinished file; it is moved into place when whole."""
    return path.is_file() and re.match(r"\.[0-9a-f]{8}-", path.name) is not None


def _probed() -> dict[str, Any]:
    """What this machine and the dataset decided, as it was decided: nothing decides it anew."""
    return _resolved("precision", "labels", "colours", "normalisation")


def _resolved(*names: str) -> dict[str, Any]:
    """Those values of the running workflow that it has, expressions evaluated."""
    workflow = running_workflow()
    return {
        name: workflow.parser.get_parsed_content(name)
        for name in names
        if workflow is not None and name in workflow.parser
    }


def _is_run(folder: Path) -> bool:
    """Whether the folder's configuration is one of ours: many programs call theirs config.json."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and DIGEST in config


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as JSON gives it back: without metadata, lists where there were tuples."""
    kept = {k: v for k, v in config.items() if k not in (ConfigParser.meta_key, LEAKY)}
    return json.loads(json.dumps(kept, default=_device_name))


def _device_name(value: Any) -> str:
    """The name of a device: MONAI Label hands over the device itself."""
    if isinstance(value, torch.device):
        return str(value)
    raise TypeError(f"{value!r} cannot be written as JSON")


_MAY_CHANGE = {
    *("resume", "overwrite", "register", "num_workers", "epochs", "output_dir", "device"),
    *("imports", "initialize", "run", "finalize"),  # how the same training is started
    "operating_point",  # chosen when the training has ended
}


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    keys = sorted((set(before) | set(now)) - _MAY_CHANGE)
    for key in keys:
        if before.get(key) != now.get(key):
            raise InputError(
                f"the run in {folder} was started with another {key}; give the same command again "
                f"with --resume true, or choose another --output_dir"
            )


def recorded(output_dir: str | Path) -> dict[str, Any]:
    """The configuration that the run in ``output_dir`` recorded.

    Raises:
        InputError: there is no run, or its record cannot be read.
    """
    path = Path(output_dir) / CONFIG
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"output_dir {output_dir} holds no run ({CONFIG} is missing); train first, or name "
            "the run's folder by --output_dir"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); train again") from error


def setting(output_dir: str | Path, name: str) -> Any:
    """One resolved value or component (say ``network_def``) of the run in ``output_dir``.

    Raises:
        InputError: there is no run, or it recorded nothing of that name.
    """
    config = recorded(output_dir)
    if name not in config:
        raise InputError(f"{Path(output_dir) / CONFIG} has no {name}; train again")
    return ConfigParser(config).get_parsed_content(name)
