"""Several processes that train together, as ``torchrun`` starts them, on one machine or many."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from monai.bundle import ConfigParser

from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.code_digest import code_files, digest_of
from pipelines.training.workflow import running_config, running_workflow

_JOB = "SLURM_JOB_ID"
_OF_A_MACHINE = {
    *("dataset_dir", "masks_dir", "output_dir", "bundle_root", "weights"),
    *("device", "num_workers", "cache_gigabytes", ConfigParser.meta_key),
}
"""Settings that may differ from machine to machine: where things lie, what there is room for."""


def start() -> None:
    """Join the processes that ``torchrun`` started: NCCL where there are GPUs, else gloo (CPU).

    Raises:
        InputError: this process was not started by ``torchrun``, the machine has GPUs but fewer
            than processes, or the processes run other code or another configuration.
    """
    if not torch.distributed.is_torchelastic_launched():
        raise InputError(
            "multi_gpu_train.json needs several processes; start it with "
            "torchrun --nproc_per_node=2 -m monai.bundle run --config_file …"
        )
    if idist.get_world_size() == 1 and not torch.distributed.is_initialized():
        _join(_backend())
    if running_workflow() is not None:
        settings = {k: v for k, v in running_config().items() if k not in _OF_A_MACHINE}
        check_alike({**settings, "the code of med2d": digest_of(code_files())})


def _join(backend: str) -> None:
    """Join; inside a job of SLURM Ignite would ask for SLURM's variables, not for torchrun's."""
    job = os.environ.pop(_JOB, None)
    try:
        idist.initialize(backend)
    finally:
        if job is not None:
            os.environ[_JOB] = job


def _backend() -> str:
    if not torch.cuda.is_available():
        return "gloo"
    processes, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if processes > gpus:
        raise InputError(
            f"{processes} processes were started on {socket.gethostname()}, which has {gpus} "
            f"GPU{'s' * (gpus > 1)}; start one for each GPU: torchrun --nproc_per_node={gpus} … "
            "To train on the CPU, hide the GPUs: CUDA_VISIBLE_DEVICES= torchrun …"
        )
    return "nccl"


def stop() -> None:
    """Leave the group of processes."""
    idist.finalize()


def check_alike(settings: Mapping[str, Any]) -> None:
    """Refuse processes that were not started with the same; all of them raise, so that none waits.

    Args:
        settings: what must be the same in every process; each value can be written as JSON, or as
            its text.

    Raises:
        InputError: with the first setting that differs, its values, and where they are.
    """
    if idist.get_world_size() == 1:
        return
    own = {name: _text(value) for name, value in settings.items()}
    all_of_them = gathered([{"machine": socket.gethostname(), "settings": own}])
    first, *others = all_of_them
    for rank, other in enumerate(others, 1):
        for name, value, its in _differences(first["settings"], other["settings"]):
            raise InputError(
                f"the processes were not started alike: {name} is {value} in process 0 (on "
                f"{first['machine']}) and {its} in process {rank} (on {other['machine']}). Give "
                "the same command with the same files on every machine"
            )


def _differences(
    one: Mapping[str, str], other: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*one, *other}):
        own, its = one.get(name, "missing"), other.get(name, "missing")
        if own != its:
            yield name, _short(own), _short(its)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def check_shared(path: str | Path) -> None:
    """Refuse a run whose folder, in which the first process has written, another cannot see.

    Every process reads the best model from it. All of them raise, so that none waits.

    Args:
        path: a file of the run's folder, as the first process has just written it.

    Raises:
        InputError: with the machine that has no such file, or another one.
    """
    if idist.get_world_size() == 1:
        return
    path = Path(path)
    own = sha256_of(path) if path.is_file() else None
    first, *others = gathered([{"machine": socket.gethostname(), "content": own}])
    blind = [each["machine"] for each in others if each["content"] != first["content"]]
    if blind:
        raise InputError(
            f"{blind[0]} does not see what {first['machine']} has written into the run's folder "
            f"{path.parent}; on several machines --output_dir must be a folder that they share, "
            "such as one on NFS, by its absolute path"
        )


def check_resumable(record: Mapping[str, Any], folder: str | Path) -> None:
    """Refuse to go on with a run by another number of processes than it was started with.

    The effective batch, the steps of an epoch and the draws of dropout depend on it.

    Args:
        record: what ``run_record.read_record`` gave.
        folder: the run's folder.

    Raises:
        InputError: the numbers differ.
    """
    before, now = int(record.get("processes", 1)), idist.get_world_size()
    if before == now:
        return
    how = (
        "start it as it was started, by python and without multi_gpu_train.json"
        if before == 1
        else f"start it by torchrun with multi_gpu_train.json, {before} processes in all"
    )
    raise InputError(
        f"the run in {folder} is trained by {_counted(before)} and cannot go on with "
        f"{_counted(now)}: {how}; or choose another --output_dir"
    )


def _counted(processes: int) -> str:
    return f"{processes} process{'es' * (processes > 1)}"


def gathered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Joins what every process collected, the first one's first; of one process its own rows."""
    if idist.get_world_size() == 1:
        return rows
    parts: list[Any] = [None] * idist.get_world_size()
    torch.distributed.all_gather_object(parts, rows)
    return [row for part in parts for row in part]


def summed(sums: torch.Tensor) -> torch.Tensor:
    """Adds up a tensor over the processes; of one process it is its own."""
    # A copy: summing over the processes happens in place.
    return idist.all_reduce(sums.clone()) if idist.get_world_size() > 1 else sums
