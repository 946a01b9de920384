"""From a dataset folder to the folder of another program."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pipelines
from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY, Dataset, digest, read
from pipelines.datasets.exports import EXPORTS
from pipelines.datasets.exports.request import Request
from pipelines.datasets.leaky import leaky_text
from pipelines.datasets.parallel import cores
from pipelines.datasets.staging import Replaceable, check_beside, staged
from pipelines.errors import InputError

RECORD = ".med2d-export.json"
"""In every exported folder: what it was made of; only a folder with it is ever replaced."""


def export(
    dataset_dir: str | Path,
    out: str | Path,
    to: str,
    *,
    size: int = 256,
    fold: int = 0,
    number: int = 501,
    overwrite: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Writes a dataset in the format of another program.

    Args:
        dataset_dir: the dataset folder.
        out: the folder to make; it appears whole or not at all.
        to: a name of ``EXPORTS``.
        size: side of the square images of ``npz``, pixels.
        fold: the fold that ``yolo`` keeps for the test; the next one validates. Where the dataset
            has a part ``testing``, that is the test and this fold validates.
        number: the dataset number of ``nnunet``, 1 to 999.
        overwrite: whether an earlier export of the same format may be replaced.
        workers: number of processes; all cores where it is not given. It changes no byte.
        say: called with every line that a person should read.

    Returns:
        ``out``, absolute.

    Raises:
        InputError: there is no such format, the format does not hold such a dataset, the dataset
            is damaged, or the folder cannot be written.
    """
    if to not in EXPORTS:
        raise InputError(f"there is no format {to}; expected one of {', '.join(EXPORTS)}")
    dataset, out = read(dataset_dir), Path(out).absolute()
    _check_task(dataset, to)
    check_beside(dataset.folder, out)
    if dataset.leaky:
        say(f"warning: {leaky_text(dataset)}")
    writer = importlib.import_module(EXPORTS[to].module)
    with staged(out, overwrite, replaceable(to)) as folder:
        processes = workers or cores()
        writer.write(Request(dataset, folder, out, size, fold, number, processes, say))
        write_text(folder / RECORD, _record(dataset, to))
    return out


def replaceable(to: str) -> Replaceable:
    """Gives the kind of folder that an export to a format may replace: one of that format.

    Args:
        to: a name of ``EXPORTS``.

    Returns:
        The kind.
    """
    return Replaceable(f"an export to {to}", partial(_flaw, to=to))


def _flaw(folder: Path, to: str) -> str | None:
    """Tells why a folder is no export to a format, or None."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "was not made by med2d export"
    found = content.get("to") if isinstance(content, dict) else None
    return None if found == to else f"was exported to {found}"


def _record(dataset: Dataset, to: str) -> str:
    """Gives the content of the record."""
    content = {
        "to": to,
        "med2d": pipelines.__version__,
        "dataset": dataset.name,
        "task": dataset.task,
        "digest": digest(dataset),
        **({LEAKY: True} if dataset.leaky else {}),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _check_task(dataset: Dataset, to: str) -> None:
    """Refuses a dataset of a task that the format knows nothing of."""
    tasks = EXPORTS[to].tasks
    if dataset.task not in tasks:
        fitting = [name for name, each in EXPORTS.items() if dataset.task in each.tasks]
        raise InputError(
            f"{dataset.folder} is a {dataset.task} dataset; {to} takes {' or '.join(tasks)} only. "
            f"Export it to {' or '.join(fitting)}"
        )
