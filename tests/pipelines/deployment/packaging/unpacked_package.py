"""A package's zip, unpacked and run where nothing is but what its requirements install."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.deployment.packaging.package import Written

ROOT = Path(__file__).resolve().parents[4]


_HIDING = """
import json, os, runpy, sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    hidden = frozenset(json.load(open(os.environ["HIDDEN"])))

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.hidden:
            return None
        return super().find_spec(name, path, target)

sys.meta_path = [Finder if each is PathFinder else each for each in sys.meta_path]
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def _not_required(unpacked: Path) -> set[str]:
    """Names what can be imported here, and is of no library that the requirements install."""
    lines = (unpacked / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted, installed = [line.partition("==")[0] for line in lines], set()
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name not in installed:
            installed.add(name)
            wanted += _required_by(name)
    return {
        module
        for module, names in packages_distributions().items()
        if not {canonicalize_name(name) for name in names} & (installed | {"med2d"})
    }


def _required_by(name: str) -> list[str]:
    try:
        told = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:  # not needed on this system
        return []
    return [
        each.name for each in told if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def pictures(folder: Path, run: Path) -> Path:
    images = Path(json.loads((run / "config.json").read_text())["dataset_dir"]) / "images"
    target = folder / "pictures"
    target.mkdir(exist_ok=True)
    for path in sorted(images.iterdir())[:4]:
        shutil.copy(path, target)
    return target


def elsewhere(written: Written, place: Path) -> Path:
    """Unpacks the zip; it has one folder."""
    with zipfile.ZipFile(written.zip) as packed:
        packed.extractall(place)
    (unpacked,) = place.iterdir()
    assert unpacked.name == written.folder.name
    return unpacked


def run_without_med2d(unpacked: Path, source: Path, target: Path) -> None:
    """Runs the command of the documentation where med2d cannot be imported, and no library that
    the package's requirements would not install."""
    page = (ROOT / "docs" / "package.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python (-m monai\.bundle run .*)$", page, re.MULTILINE)
    words = line.replace("../pictures", str(source)).replace("../predictions", str(target)).split()
    libraries = sysconfig.get_paths()["purelib"]  # -S: its .pth files, and so med2d, stay unread
    variables = {**os.environ, "PYTHONPATH": libraries, "OMP_NUM_THREADS": "1"}
    program = [sys.executable, "-S", "-W", "ignore"]
    (target.parent / "hidden.json").write_text(json.dumps(sorted(_not_required(unpacked))))
    variables["HIDDEN"] = str(target.parent / "hidden.json")
    words = ["-c", _HIDING, *words[1:]]
    check = [*program, "-c", "import pipelines"]
    found = subprocess.run(
        check, cwd=target.parent, env=variables, check=False, capture_output=True, text=True
    )
    assert "No module named 'pipelines'" in found.stderr
    done = subprocess.run(
        [*program, *words], cwd=unpacked, env=variables, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
