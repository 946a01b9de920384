"""Whether what a run began from is still there: data, weights, code, versions, machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.datasets.dataset import digest, read
from pipelines.datasets.dataset_difference import changed_files, differences
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.code_digest import bundle_files, code_files
from pipelines.training.machine_fit import FILE as MACHINE
from pipelines.training.machine_record import library_versions, machine_record, usable_device
from pipelines.training.run_record import DATASET, read_items

EQUAL = "as recorded"
NO_PROMISE = "equal weights are not promised"

_NAMED = 5  # differences that a line names


class Finding(NamedTuple):
    """What became of one thing that a run began from.

    Attributes:
        subject: the thing, such as ``dataset_dir``, ``code`` or ``libraries``.
        text: what was found.
        equal: whether it is as recorded.
        refuses: whether a difference stops a rerun: other data or weights train another model.
    """

    subject: str
    text: str
    equal: bool
    refuses: bool = False


def places_now(record: Mapping[str, Any], given: Mapping[str, Path]) -> dict[str, Path]:
    """Where the recorded datasets and files are now, by their id in the configuration.

    Args:
        record: what ``run_record.read_record`` gave.
        given: the places of those that have moved.

    Raises:
        InputError: a place was given of something that the run did not read, or one does not exist.
    """
    was = {name: each["path"] for name, each in {**record["datasets"], **record["files"]}.items()}
    for name in given:
        if name not in was:
            raise InputError(
                f"--{name} was given, but the run read no {name}; it read {', '.join(was)}"
            )
    places = {name: Path(given.get(name, path)).absolute() for name, path in was.items()}
    for name, path in places.items():
        if not path.exists():
            hint = "" if "::" in name else f"; say where it is now by --{name}"
            raise InputError(f"{path}, the {name} of the run, does not exist{hint}")
    return places


def check_record(
    folder: Path, record: Mapping[str, Any], places: Mapping[str, Path]
) -> list[Finding]:
    """Compare a run's record with what there is now; every image is read and hashed.

    Args:
        folder: the run's folder.
        record: what ``run_record.read_record`` gave.
        places: what ``places_now`` gave.

    Returns:
        A finding for each dataset, each file, the code, the bundle's configuration files, the
        libraries and the machine; and for what disturbed the run, where something did.

    Raises:
        InputError: a dataset cannot be read.
    """
    items = read_items(folder)
    return [
        *(_dataset(name, each, items[name], places) for name, each in record["datasets"].items()),
        *(_file(name, each, places[name]) for name, each in record["files"].items()),
        _code(record),
        _bundle(record["bundle"]),
        _libraries(record["libraries"]),
        _machine(record["machine"]),
        *_disturbed(folder, record),
    ]


def _dataset(
    name: str, recorded: Mapping[str, Any], items: Mapping[str, Any], places: Mapping[str, Path]
) -> Finding:
    dataset = read(places[name], folds=name == DATASET)
    same = digest(dataset) == recorded["digest"]
    lines = [] if same else differences(items, dataset) or ["its digest"]
    known = {line.partition(":")[0].removesuffix(" is gone") for line in lines}
    changed = [each for each in changed_files(items, dataset.folder) if each not in known]
    lines += [f"{each} has changed since the dataset was made" for each in changed]
    if not lines:
        return Finding(name, f"{EQUAL}: {len(items['training'])} images", True)
    return Finding(name, f"{dataset.folder} differs: {_first(lines)}", False, refuses=True)


def _file(name: str, recorded: Mapping[str, Any], path: Path) -> Finding:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}, the {name} of the run, cannot be read ({error})") from None
    if found == recorded["sha256"]:
        return Finding(name, EQUAL, True)
    return Finding(name, f"{path} is another file than the run read", False, refuses=True)


def code_name(record: Mapping[str, Any]) -> str:
    """How the code of a run is found again.

    Args:
        record: what ``run_record.read_record`` gave.

    Examples:
        >>> code_name({"med2d": "0.1.0", "commit": "43086cf"})
        'med2d 0.1.0 at commit 43086cf'
    """
    commit = record["commit"]
    return f"med2d {record['med2d']}" + (f" at commit {commit}" if commit else "")


def _code(record: Mapping[str, Any]) -> Finding:
    changed = _changed(record["code"]["files"], code_files())
    if not changed:
        return Finding("code", EQUAL, True)
    text = f"{_counted(changed)}; the run is of {code_name(record)}; {NO_PROMISE}"
    return Finding("code", text, False)


def _bundle(recorded: Mapping[str, Any]) -> Finding:
    """The rerun reads the recorded configuration: a change of the bundle changes nothing."""
    path = Path(recorded["path"])
    if not path.is_dir():
        return Finding("bundle", f"{path} is gone; the recorded configuration is used", True)
    changed = _changed(recorded["files"], bundle_files(path))
    if not changed:
        return Finding("bundle", EQUAL, True)
    return Finding("bundle", f"{_counted(changed)}; the recorded configuration is used", True)


def _libraries(recorded: Mapping[str, str]) -> Finding:
    now = library_versions()
    lines = [
        f"{name} was {recorded.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in _changed(recorded, now)
    ]
    if not lines:
        return Finding("libraries", EQUAL, True)
    return Finding("libraries", f"{_first(lines)}; {NO_PROMISE}", False)


def _machine(recorded: Mapping[str, Any]) -> Finding:
    """The threads are no difference: a rerun takes as many as the run had."""
    now = machine_record(usable_device(recorded["device"]))
    told = {"cores", "threads", "blas_threads"}
    lines = [
        f"{name} was {recorded.get(name)}, is {now.get(name)}"
        for name in _changed(recorded, now)
        if name not in told
    ]
    threads = f"{recorded['threads']} threads on {recorded['device']}"
    if not lines:
        return Finding("machine", f"{EQUAL}: {threads}", True)
    return Finding("machine", f"{_first(lines)}; {NO_PROMISE}", False)


def _disturbed(folder: Path, record: Mapping[str, Any]) -> list[Finding]:
    """What happened in the middle of the run, so that an undisturbed one may differ."""
    found = []
    for resumed in record["resumed"]:
        whole = {**record, "code": record["code"]["digest"]}
        other = [name for name in ("code", "libraries", "machine") if resumed[name] != whole[name]]
        if other:
            text = f"was resumed with another {', '.join(other)}; {NO_PROMISE}"
            found.append(Finding("run", text, False))
    fit, last = record["machine_fit"], _last_batch(folder)
    if fit and last is not None and last < fit["batch_size"]:
        text = f"ran out of memory and went on by {last} images at once; {NO_PROMISE}"
        found.append(Finding("run", text, False))
    return found


def _last_batch(folder: Path) -> int | None:
    """Images at once at the end of the run; None where nothing is recorded."""
    try:
        return json.loads((folder / MACHINE).read_text(encoding="utf-8"))["batch_size"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{folder / MACHINE} cannot be read ({error}); train again") from error


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def _counted(names: list[str]) -> str:
    verb = "file differs" if len(names) == 1 else "files differ"
    return f"{len(names)} {verb}: {_first(names, ', ')}"


def _first(lines: list[str], joint: str = "; ") -> str:
    more = len(lines) - _NAMED
    return joint.join(lines[:_NAMED]) + (f"{joint}and {more} more" if more > 0 else "")
