"""Find the bundle that is to be checked: a shipped one, a run, an ensemble, a package, its zip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.bundles import bundle_names, bundle_root
from pipelines.deployment.unpacked_zip import is_zip, unpacked_zip
from pipelines.errors import InputError

SHIPPED, RUN, ENSEMBLE, PACKAGE, OTHER = "shipped bundle", "run", "ensemble", "package", "bundle"

TRAIN, EVALUATE, MULTI_GPU, INFERENCE, METADATA = (
    f"configs/{name}.json"
    for name in ("train", "evaluate", "multi_gpu_train", "inference", "metadata")
)
LARGE_FILES = ("large_files.yml", "large_files.yaml", "large_files.json")
"""Where the Model Zoo is told what to fetch."""

_RECORD, _PACKAGED, _RUN, _ROOT_MODEL = (
    "config.json",
    "configs/package.json",
    "record.json",
    "model.pt",
)


@dataclass(frozen=True)
class CheckedBundle:
    """A bundle that is checked.

    Attributes:
        folder: where it lies, absolute.
        kind: ``shipped bundle``, ``run``, ``ensemble``, ``package`` or ``bundle``.
        name: what people call it.
    """

    folder: Path
    kind: str
    name: str

    def has(self, file: str) -> bool:
        """Whether it holds a file, named from its root."""
        return (self.folder / file).is_file()

    @property
    def weights(self) -> Path | None:
        """Its ``model.pt``, of a run in its root; None where it has none."""
        places = (self.folder / "models" / "model.pt", self.folder / _ROOT_MODEL)
        return next((path for path in places if path.is_file()), None)

    @property
    def trains(self) -> bool:
        """Whether it holds the configuration of a training."""
        return self.has(TRAIN)


@contextmanager
def checked_bundle(name: str) -> Iterator[CheckedBundle]:
    """Finds a bundle; that of a zip is unpacked for as long as it is used.

    Args:
        name: of a shipped bundle; or a folder, or a zip with one folder.

    Raises:
        InputError: there is none, or its zip cannot be unpacked.
    """
    path = Path(name)
    if is_zip(path):
        with unpacked_zip(path) as folder:
            yield _found(_only_folder(folder, path), path.name)
    elif path.is_dir():
        yield _found(path, str(path))
    elif name in bundle_names():
        yield CheckedBundle(bundle_root(name), SHIPPED, name)
    else:
        what = "is neither a folder nor a zip" if path.exists() else "is not there"
        raise InputError(
            f"{name} {what}; expected the folder of a bundle, a run, an ensemble or a package, a "
            f"package's zip, or one of {', '.join(bundle_names())}"
        )


def _only_folder(unpacked: Path, path: Path) -> Path:
    entries = list(unpacked.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        raise InputError(
            f"{path} holds {len(entries)} entries at its top; expected one folder, the bundle"
        )
    return entries[0]


def _found(folder: Path, name: str) -> CheckedBundle:
    folder = folder.resolve()
    if not (folder / "configs").is_dir():
        raise InputError(_no_bundle(folder, name))
    return CheckedBundle(folder, _kind(folder), name)


def _no_bundle(folder: Path, name: str) -> str:
    inner = folder / "ensemble"
    if (inner / INFERENCE).is_file():
        return f"{name} is a cross-validation; name its bundle, {Path(name) / 'ensemble'}"
    if folder.name == "configs":
        return f"{name} holds a bundle's configurations; name the folder above it"
    return f"{name} is no bundle: it has no folder configs; expected configs/{Path(INFERENCE).name}"


def _kind(folder: Path) -> str:
    if (folder / _PACKAGED).is_file():
        return PACKAGE
    if folder in [bundle_root(name) for name in bundle_names()]:
        return SHIPPED
    if (folder / _RECORD).is_file() or (folder / _RUN).is_file():
        return RUN
    if (folder / _ROOT_MODEL).is_file():
        return ENSEMBLE
    return OTHER
