"""The rooms of the tree: who may import whom, what is installed, what has a test."""

import ast
import configparser
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("pipelines", "transforms", "networks")
ENGINES = ("torch", "torchvision", "monai", "ignite")
UNTESTED = {"pipelines/errors.py"}  # an exception and its text; every other test leans on it


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sources()}


@cache
def imports(module: str) -> frozenset[str]:
    """Every module that a file imports, anywhere in it, except for type checkers only."""
    path = MODULES[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return frozenset(name for node in run_time_nodes(tree) for name in imported(node, package))


def run_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not typing_only:
            yield child
            yield from run_time_nodes(child)


def imported(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
        # `from pipelines import bundles` names a module by its last part.
        return [base, *(f"{base}.{a.name}" for a in node.names if f"{base}.{a.name}" in MODULES)]
    return []


def reached(module: str) -> set[str]:
    """What a module imports, also by way of the project's other modules."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imports(waiting.pop()) - seen:
            seen.add(name)
            if name in MODULES:
                waiting.append(name)
    return seen


def room(name: str) -> str:
    return name.partition(".")[0]


def test_the_rooms_are_seen() -> None:
    assert "pipelines.training.replay" in MODULES
    assert "ignite.engine" in imports("pipelines.training.tracking")
    assert "transforms.picture" in imports("transforms.upright_reader")
    assert "pipelines.bundles" in imports("pipelines.training.workflow")
    assert "torch" in reached("pipelines.deployment.inputs")


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) != "pipelines"])
def test_transforms_and_networks_import_no_other_room(module: str) -> None:
    others = set(ROOMS) - {room(module)}
    assert not {name for name in imports(module) if room(name) in others}


@pytest.mark.parametrize(
    "module",
    [m for m in MODULES if m.startswith(("pipelines.datasets", "pipelines.evaluation"))],
)
def test_datasets_and_evaluation_reach_no_engine(module: str) -> None:
    assert not {name for name in reached(module) if room(name) in ENGINES}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_the_command_line(module: str) -> None:
    assert "pipelines.cli" not in imports(module)


def test_every_package_and_bundle_is_installed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = setup["options"]["packages"].split()
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    bundles = {f"bundles.{path.parts[-3]}" for path in ROOT.glob("bundles/*/configs/metadata.json")}
    bundles.add("bundles")  # the schema of their metadata
    assert sorted(listed) == sorted(packages | bundles)
    assert bundles <= set(setup["options.package_data"])


def test_every_package_has_an_init() -> None:
    folders = {path.parent for path in sources()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_bundles_hold_no_python() -> None:
    assert list((ROOT / "bundles").rglob("*.py")) == []


def test_every_source_file_has_its_test_file() -> None:
    files = [path.relative_to(ROOT) for path in sources() if path.name != "__init__.py"]
    missing = [
        path.as_posix()
        for path in files
        if path.as_posix() not in UNTESTED
        and not (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()
    ]
    assert missing == []


def test_every_test_file_has_its_source_file() -> None:
    tests = [p for r in ROOMS for p in (ROOT / "tests" / r).rglob("test_*.py")]
    stray = [
        path.relative_to(ROOT).as_posix()
        for path in tests
        if not (ROOT / path.parent.relative_to(ROOT / "tests") / path.name[5:]).is_file()
    ]
    assert stray == []
