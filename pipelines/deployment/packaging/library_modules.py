"""The modules of this project that a bundle's configuration needs to run without the project."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOMS = ("networks", "pipelines", "transforms")

_ROOT = Path(__file__).resolve().parents[3]
_IMPORTER = re.compile(r"\bimport_module$")
_NAME = re.compile(rf"\b(?:{'|'.join(ROOMS)})(?:\.\w+)+")


def library_modules(configuration: Mapping[str, Any]) -> dict[str, Path]:
    """Finds every module of ours that a configuration reaches, by its import graph.

    Imports inside functions count, those for type checkers only do not. A text in the code that is
    nothing but the name of one of our modules, or of something in one, counts as an import, too.

    Args:
        configuration: of a bundle; whatever its texts name is looked for.

    Returns:
        Each module's name and file, packages included, sorted by name.
    """
    found: dict[str, Path] = {}
    waiting = [name for text in texts(configuration) for name in _NAME.findall(text)]
    while waiting:
        for name in _with_packages(waiting.pop()):
            if name not in found:
                found[name] = _path(name) or Path()
                waiting += [each for each in imported(found[name]) if each.split(".")[0] in ROOMS]
    return dict(sorted(found.items()))


def foreign_modules(modules: Mapping[str, Path]) -> set[str]:
    """Names the libraries, as they are imported, that modules of ours use; Python's own are not
    told."""
    names = {name.split(".")[0] for path in modules.values() for name in imported(path)}
    return {name for name in names if name not in ROOMS and name not in sys.stdlib_module_names}


def copy_modules(modules: Mapping[str, Path], folder: Path) -> None:
    """Copies modules below a folder, in the tree that their names tell."""
    for path in modules.values():
        target = folder / path.relative_to(_ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def imported(path: Path) -> Iterator[str]:
    """Names what a file imports anywhere, and what it names of ours in a text of its own.

    ``import_module("torchvision.models")`` is an import, too; of a name that is computed nothing
    is known.
    """
    for node in _run_time_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _NAME.fullmatch(node.value)
        ):
            yield node.value
        elif isinstance(node, ast.Call) and _IMPORTER.search(ast.unparse(node.func)):
            yield from (
                given.value
                for given in node.args[:1]
                if isinstance(given, ast.Constant) and isinstance(given.value, str)
            )


def _run_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from _run_time_nodes(child)


def _with_packages(name: str) -> Iterator[str]:
    """The module that a dotted name begins with, and the packages around it."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        module = ".".join(parts[:end])
        if _path(module) is None:
            return
        yield module


def _path(name: str) -> Path | None:
    place = _ROOT.joinpath(*name.split("."))
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def texts(node: Any) -> Iterator[str]:
    """Gives all texts of a configuration, those of keys left out."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for each in node.values():
            yield from texts(each)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from texts(each)
