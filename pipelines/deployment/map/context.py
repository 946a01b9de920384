"""All that ``docker build`` needs to make a MONAI Application Package of a package."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import yaml

import networks
import pipelines
import transforms
from pipelines.atomic import write_text
from pipelines.datasets.staging import Replaceable, staged
from pipelines.deployment import app
from pipelines.deployment.app.intended_use import IntendedUse
from pipelines.deployment.app.model import SCRIPT, find_bundle, read_intended_use
from pipelines.deployment.map.dockerfile import IGNORED, TOOLS, dockerfile
from pipelines.deployment.map.manifest import RESOURCES, app_manifest, package_manifest
from pipelines.deployment.packaging.checksums import CHECKSUMS, changed_files, read_checksums
from pipelines.deployment.unpacked_zip import is_zip, unpacked_zip
from pipelines.errors import InputError, first_line

PINS = Path(app.__file__).parent / "constraints.txt"
"""The versions that the application was tested with."""

_MANIFEST = "map/pkg.json"
_ROOMS: tuple[ModuleType, ...] = (networks, pipelines, transforms)
_NOT_IN_IMAGE = ("torch", "torchvision", "uv", "pip", "setuptools", "pytest")
_REPLACEABLE = Replaceable(
    "a build context",
    lambda folder: None if (folder / _MANIFEST).is_file() else f"holds no {_MANIFEST}",
)


@dataclass(frozen=True)
class Context:
    """A build context that was written.

    Attributes:
        folder: where.
        tag: of the image.
    """

    folder: Path
    tag: str

    @property
    def command(self) -> str:
        """The command that builds the image."""
        return f"docker build -t {self.tag} {shlex.quote(str(self.folder))}"


def write_context(bundle: Path, folder: Path, overwrite: bool = False) -> Context:
    """Writes the build context; it appears whole or not at all.

    Args:
        bundle: a package that ``med2d package`` has written, as a folder or a zip.
        folder: of the context.
        overwrite: replace a context that stands there.

    Raises:
        InputError: there is no such package, it lacks TorchScript or metadata, a file of it has
            changed, or the folder lies in what is copied into it, or cannot be written.
    """
    with _unpacked(bundle) as package:
        use = read_intended_use(package)
        if not (package / SCRIPT).is_file():
            raise InputError(
                f"{package} has no {SCRIPT}; expected a package with TorchScript. Make one of the "
                "run by med2d package"
            )
        _check_outside(folder, package)
        name = _slug(package.resolve().name)
        context = Context(folder, f"{name}-map:{_tag(use.version)}")
        listed = _listed(package)
        with staged(folder, overwrite, _REPLACEABLE) as part:
            _copy(package, listed, part / "models" / name)
            _fill(part, package, name, use, context)
    return context


def engine_problem() -> str | None:
    """Says why no Docker engine can build here; None where one answers."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    try:
        done = subprocess.run(
            ["docker", "info"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"docker info does not answer ({first_line(error)})"
    return None if done.returncode == 0 else "no Docker engine answers (docker info fails)"


@contextmanager
def _unpacked(bundle: Path) -> Iterator[Path]:
    """Gives the package's folder, of a zip one in a temporary folder."""
    if bundle.name == Path(SCRIPT).name or not is_zip(bundle):  # TorchScript is a zip, too
        yield find_bundle(bundle)
        return
    with unpacked_zip(bundle) as folder:
        try:
            yield find_bundle(folder)
        except InputError as error:  # named by the zip, not by where it was unpacked
            raise InputError(str(error).replace(str(folder), str(bundle))) from error


def _check_outside(folder: Path, package: Path) -> None:
    """Refuses a folder that is or lies in one that is copied into it, which would have no end."""
    target = Path(os.path.realpath(folder))
    for source in (package, *map(_place, _ROOMS)):
        source = Path(os.path.realpath(source))
        if target.is_relative_to(source):
            raise InputError(
                f"{folder} is or lies in {source}, which is copied into it; give a folder outside, "
                f"such as {source}-map"
            )


def _place(room: ModuleType) -> Path:
    return Path(str(room.__file__)).parent


def _slug(name: str) -> str:
    """A name that Docker takes.

    Examples:
        >>> _slug("Breast US (2)")
        'breast-us-2'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "med2d"


def _tag(version: str) -> str:
    """A version as a tag of an image may say it.

    Examples:
        >>> _tag("0.1.0+site a")
        '0.1.0-site-a'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", version)


def _listed(package: Path) -> list[str]:
    """The files that belong to a package; what was put beside them, such as pictures, does not."""
    try:
        told = read_checksums(package)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{package / CHECKSUMS} cannot be read ({first_line(error)}); expected a package as "
            "med2d package writes it. Package the run again"
        ) from error
    problems = changed_files(package, told)
    if SCRIPT not in told:
        problems.append(f"{CHECKSUMS} does not name {SCRIPT}")
    if problems:
        raise InputError(
            f"{package} is not as it was packaged: {'; '.join(problems)}. Copy it again, or "
            "package the run again"
        )
    return [*told, CHECKSUMS]


def _copy(package: Path, listed: list[str], target: Path) -> None:
    for name in listed:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, target / name)


def _fill(part: Path, package: Path, name: str, use: IntendedUse, context: Context) -> None:
    for room in _ROOMS:
        shutil.copytree(_place(room), part / "app" / room.__name__, ignore=_ignored)
    for folder in ("map", "pip", "docs"):
        (part / folder).mkdir()
    for card in sorted((package / "docs").glob("*")):
        shutil.copyfile(card, part / "docs" / card.name)
    write_text(part / "Dockerfile", dockerfile(use.name, use.version, context.tag))
    write_text(part / ".dockerignore", IGNORED)
    write_text(part / "tools", TOOLS)
    write_text(part / "pip" / "requirements.txt", requirements())
    write_text(part / "map" / "app.json", _json(app_manifest(use.version)))
    write_text(part / _MANIFEST, _json(package_manifest(name, use.version)))
    write_text(part / "app.yaml", _settings(use))
    write_text(part / "README.md", _readme(use, context))


def requirements() -> str:
    """Gives the pinned packages of the image, without PyTorch, which the Dockerfile chooses."""
    lines = PINS.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    kept = [pin for pin in pins if pin.partition("==")[0] not in _NOT_IN_IMAGE]
    return "\n".join(kept) + "\n"


def _ignored(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__" or name.endswith(".pyc")}


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _settings(use: IntendedUse) -> str:
    """The application's configuration, as the packager reads it, too."""
    content = {
        "application": {
            "title": use.name,
            "version": use.version,
            "inputFormats": ["file"],
            "outputFormats": ["file"],
        },
        "resources": RESOURCES,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _readme(use: IntendedUse, context: Context) -> str:
    mounts = "-v STUDY:/var/holoscan/input:ro -v RESULTS:/var/holoscan/output"
    return f"""# {use.name} {use.version}: a MONAI Application Package

{use.statement}

Build it where a Docker engine is, in this folder:

    docker build -t {context.tag} .

With `--build-arg TORCH_BACKEND=cu130` it uses NVIDIA GPUs. Run it on a folder STUDY of DICOM files;
RESULTS must be an empty folder that user 10001 may write to:

    docker run --rm --ulimit stack=33554432 {mounts} {context.tag}

`docker run --rm {context.tag} show` prints app.json and pkg.json.
"""
