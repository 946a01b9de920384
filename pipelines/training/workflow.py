"""What a bundle run was asked: its configuration, and overrides that nothing would read.

``monai.bundle run`` accepts any ``--name value``: a misspelt one is stored and never read. The
first ``initialize`` expression of every bundle calls :func:`check_overrides`, which stops then.
"""

from __future__ import annotations

import difflib
import inspect
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pydoc import ErrorDuringImport, locate
from types import FrameType, TracebackType
from typing import Any

from monai.bundle import ComponentLocator, ConfigParser, ConfigWorkflow
from monai.bundle.utils import ID_SEP_KEY

from networks.errors import NetworkError
from pipelines import bundles
from pipelines.errors import InputError, first_line, no_room
from pipelines.training.lost_process import MESSAGE as LOST
from pipelines.training.lost_process import is_lost
from pipelines.training.out_of_memory import is_out_of_memory
from pipelines.training.settings import check_texts
from pipelines.training.termination import MESSAGE, is_terminated, stop_on_terminate
from transforms.picture import PictureError

_READABLE = (InputError, PictureError, NetworkError)
_KEYS_OF = {"head": "networks.head.classifier_head", "options": None}
"""Arguments of a network that are settings of something else: a function whose arguments with a
default may stand below, or None where only a library knows them."""
_NAMES = "|".join(re.escape(f"{kind.__module__}.{kind.__name__}") for kind in _READABLE)
_TOLD_BY_WORKER = re.compile(rf"^(?:Original )?(?:{_NAMES}): (.+)$", re.MULTILINE)


def _frames() -> Iterator[FrameType]:
    frame = inspect.currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def running_workflow() -> ConfigWorkflow | None:
    """The bundle workflow on whose behalf this code runs, or None outside one.

    A bundle expression cannot name the workflow that evaluates it; it stands on the call stack.
    """
    for frame in _frames():
        owner = frame.f_locals.get("self")
        if isinstance(owner, ConfigWorkflow):
            return owner
    return None


def running_config() -> dict[str, Any]:
    """The configuration of the running workflow, overrides included, before it is resolved.

    Raises:
        RuntimeError: no workflow is running.
    """
    workflow = running_workflow()
    if workflow is None:
        raise RuntimeError("no bundle workflow is running; its configuration cannot be saved")
    return workflow.parser.get()


def bundle_root(name: str) -> str:
    """The folder of the bundle whose configuration runs; the shipped one outside a workflow.

    A copied bundle, or a run's folder, is its own root; the working folder plays no part.

    Args:
        name: the shipped bundle, for tools that read a configuration without running it.
    """
    workflow = running_workflow()
    if workflow is None:
        return str(bundles.bundle_root(name))
    folder = Path(workflow.config_root_path).resolve()
    return str(folder.parent if folder.name == "configs" else folder)


def given_overrides() -> tuple[list[str], dict[str, Any]]:
    """Configuration files and overrides that the running ``monai.bundle run`` was given.

    Returns:
        The paths of the configuration files, and the overrides by id; both empty where the
        workflow was made in some other way.
    """
    for frame in _frames():
        if frame.f_code.co_name == "create_workflow" and "kwargs" in frame.f_locals:
            given = dict(frame.f_locals.get("_args") or {})
            files = frame.f_locals.get("config_file") or given.get("config_file")
            own = set(inspect.signature(ConfigWorkflow.__init__).parameters) | {"config_file"}
            return _as_list(files), {k: v for k, v in given.items() if k not in own}
    return [], {}


def _as_list(files: Any) -> list[str]:
    if files is None:
        return []
    return [str(file) for file in ([files] if isinstance(files, str | Path) else files)]


def check_overrides() -> None:
    """Stop where an override names nothing in the configuration files, with the nearest name.

    Also makes the errors that a person can mend appear without a traceback from here on.

    Raises:
        InputError: an override's id is in no configuration file, and its parent takes no such
            argument; or a path was given no text.
    """
    show_readable_errors()
    files, overrides = given_overrides()
    if not files:
        return
    check_texts(overrides)
    parser = ConfigParser()
    parser.read_config(files)
    # New components first: the other overrides may be arguments of theirs.
    for name in sorted(overrides, key=lambda name: not _is_component(name, overrides[name])):
        check_id(parser.get(), name)
        if _is_component(name, overrides[name]):
            parser.update({name: overrides[name]})
    _set_nulls(overrides)


def _set_nulls(overrides: Mapping[str, Any]) -> None:
    """Make nothing of the word ``null``: the command line hands it on as text.

    The running workflow has read its configuration by now, and resolved none of it but this check.
    """
    workflow = running_workflow()
    if workflow is None:
        return
    for name, value in overrides.items():
        if not (isinstance(value, str) and value.strip().lower() == "null"):
            continue
        place, _, last = name.lstrip("+").replace("#", ID_SEP_KEY).rpartition(ID_SEP_KEY)
        above = workflow.parser[place]
        above[int(last) if isinstance(above, list) else last] = None
        item = workflow.parser.ref_resolver.get_item(name.lstrip("+"))
        if item is not None:
            item.update_config(None)


def _is_component(name: str, value: Any) -> bool:
    return name.endswith("_target_") or isinstance(value, Mapping)


def check_id(config: Mapping[str, Any], name: str) -> None:
    """Raise where the id ``name`` (``a`` or ``a::b::c``) leads nowhere in ``config``.

    Raises:
        InputError: with the part that is unknown and the nearest known name.
    """
    node: Any = config
    parts = str(name).lstrip("+").replace("#", ID_SEP_KEY).split(ID_SEP_KEY)
    for depth, part in enumerate(parts):
        above = parts[depth - 1] if depth > 1 else ""
        known = _known_names(node) if above not in _KEYS_OF else _keys_below(node, above)
        if known is not None and part not in known:
            where = ID_SEP_KEY.join(parts[:depth])
            raise InputError(_unknown_message(name, part, where, known))
        node = _child(node, part)


def _known_names(node: Any) -> set[str] | None:
    """Names below a node; None where any is taken (a target with ``**kwargs``)."""
    if isinstance(node, list):
        return {str(i) for i in range(len(node))}
    if not isinstance(node, Mapping):
        return set()
    names = set(node)
    if "_target_" in node:
        arguments = _arguments(str(node["_target_"]))
        if arguments is None:
            return None
        names |= arguments | {"_requires_", "_disabled_", "_mode_", "_desc_"}
    return names


def _keys_below(node: Any, name: str) -> set[str] | None:
    """Names below an argument that ``_KEYS_OF`` knows; what stands there already is not all."""
    target = _KEYS_OF[name]
    if target is None:
        return None
    parameters = inspect.signature(locate(target)).parameters.values()  # type: ignore[arg-type]
    return set(node or {}) | {p.name for p in parameters if p.default is not p.empty}


def _child(node: Any, part: str) -> Any:
    if isinstance(node, list):
        return node[int(part)]
    return node.get(part) if isinstance(node, Mapping) else None


def _arguments(target: str) -> set[str] | None:
    """Argument names of a ``_target_``; None where they cannot be told."""
    try:
        component: Any = locate(target if "." in target else _monai_path(target))
        signature = inspect.signature(component)
    except (ErrorDuringImport, TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return None
    return set(signature.parameters)


def _monai_path(name: str) -> str:
    """The whole path of one of MONAI's own components, which a configuration names in short."""
    found = _locator().get_component_module_name(name)
    return f"{found}.{name}" if isinstance(found, str) else ""


@cache
def _locator() -> ComponentLocator:
    return ComponentLocator()


def _unknown_message(name: str, part: str, where: str, known: set[str]) -> str:
    near = difflib.get_close_matches(part, sorted(known), n=1)
    place = f" below {where}" if where else ""
    whole = f"nothing stands below it: give it whole, as --{where} VALUE"
    expected = f"expected one of {', '.join(sorted(known))}" if known else whole
    hint = f"did you mean {near[0]}?" if near else expected
    return f"--{name}: there is no {part}{place} in the configuration; {hint}"


def show_readable_errors() -> None:
    """Print an error that the user can mend as one line, without the traceback around it.

    Ctrl-C and SIGTERM are one line, too.
    """
    stop_on_terminate()
    if getattr(sys.excepthook, "_med2d", False):
        return
    shown = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if kind is KeyboardInterrupt:
            print("Stopped by Ctrl-C; a training goes on with --resume true", file=sys.stderr)
            return
        if is_terminated(error):
            print(MESSAGE, file=sys.stderr)
            return
        readable = readable_cause(error)
        if readable is None:
            shown(kind, error, trace)
            return
        print(f"Error: {readable}", file=sys.stderr)
        if str(readable) != LOST:  # torchrun must not take it for the cause
            _tell_torchrun(f"Error: {readable}")

    hook._med2d = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def _tell_torchrun(line: str) -> None:
    """Put the line into the report that ``torchrun`` ends with, where it would else be buried."""
    path = os.environ.get("TORCHELASTIC_ERROR_FILE")
    if path:
        report = {"py_callstack": line, "timestamp": str(int(time.time()))}
        content = {"message": {"message": line, "extraInfo": report}}
        Path(path).write_text(json.dumps(content), encoding="utf-8")


def readable_cause(error: BaseException | None) -> BaseException | None:
    """The first error in the chain of causes whose message is written for the user.

    An error in a loader's worker process reaches us as the text of its traceback alone.
    """
    while error is not None:
        if isinstance(error, _READABLE):
            return error
        full = no_room(error)
        if full is not None:
            return full
        if is_out_of_memory(error):
            return InputError(
                f"there is not enough memory ({first_line(error)}); give a smaller batch_size or "
                "image_size, or choose a smaller network"
            )
        if is_lost(error):
            return InputError(LOST)
        told = _TOLD_BY_WORKER.search(str(error))
        if told is not None:
            return InputError(told[1])
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return None
