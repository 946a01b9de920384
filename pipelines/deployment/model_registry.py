"""A run's model as a version in MLflow's registry, and which version is called ``best``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pipelines.datasets.dataset import LEAKY
from pipelines.deployment.best_model import Choice, choose
from pipelines.deployment.logged_model import log_model
from pipelines.errors import InputError, first_line
from pipelines.evaluation.case_files import Cases, read_case_files
from pipelines.evaluation.paired_cases import Model
from pipelines.file_hash import sha256_of
from pipelines.training.run_folder import DIGEST, MODEL, recorded
from pipelines.training.run_id import is_run_id
from pipelines.training.scoring import CASES
from pipelines.training.single_run import check_run_folder
from pipelines.training.tracked_cases import fetch_cases, open_run
from pipelines.training.tracked_run import fetch_run
from pipelines.training.tracking_runs import recorded_run
from pipelines.training.tracking_store import alone_in, tracking_uri, without_password

BEST = "best"
"""Alias of the version that is the best, as far as a comparison supports it."""

_SHA256 = "sha256"
_DECISION = "best.decision"


class TrackedFolder(NamedTuple):
    """A run whose training has ended, with its files at hand.

    Attributes:
        folder: its folder, or a copy of what MLflow holds of it.
        uri: its MLflow store.
        run: of MLflow.
        client: of the store.
        bundle: that it is of.
    """

    folder: Path
    uri: str
    run: Any
    client: Any
    bundle: str

    @property
    def run_id(self) -> str:
        """Of the MLflow run."""
        return str(self.run.info.run_id)


class Registered(NamedTuple):
    """What came of it.

    Attributes:
        name: of the registered model, which is the bundle's.
        version: of it.
        is_new: whether the version was made now.
        choice: what was decided about ``best``; None where nobody asked.
    """

    name: str
    version: str
    is_new: bool
    choice: Choice | None

    def lines(self) -> list[str]:
        """What came of it, in words."""
        made = "" if self.is_new else " (registered before)"
        decided = [] if self.choice is None else [self.choice.text(self.version)]
        return [
            f"model        {self.name} version {self.version}{made}",
            f"load it by   mlflow.pyfunc.load_model('models:/{self.name}/{self.version}')",
            *decided,
        ]


@contextmanager
def tracked_folder(run: str) -> Iterator[TrackedFolder]:
    """Yields a run by the name of its folder or its MLflow id.

    Raises:
        InputError: it is neither, is of a series, was not tracked, its store has no such run, or
            its training has not ended.
    """
    if Path(run).is_dir():
        check_run_folder(Path(run))
        known, run_id = recorded_run(Path(run))
        if known is None or run_id is None:
            raise InputError(
                f"{run} names no MLflow run (mlflow.json is missing): it was not tracked"
            )
        yield _ended(Path(run), run_id, _with_password(known))
        return
    if not is_run_id(run):
        raise InputError(f"{run} is no run's folder and no MLflow run id; expected one of them")
    with TemporaryDirectory() as place:
        found = _ended(None, run, tracking_uri())
        folder = fetch_run(run, found.uri, Path(place))
        yield found._replace(folder=folder, bundle=_bundle(folder))


def _with_password(known: str) -> str:
    """The address that the environment gives with a password, where it is that of the run."""
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    return given if without_password(given) == known else known


def _ended(folder: Path | None, run_id: str, uri: str) -> TrackedFolder:
    client, run = open_run(run_id, uri)
    if run.info.status != "FINISHED":
        raise InputError(
            f"MLflow run {run_id} is {run.info.status}, not FINISHED: its model is not the one "
            "that was scored. Go on with the training by --resume true"
        )
    bundle = "" if folder is None else _bundle(folder)
    return TrackedFolder(folder or Path(), uri, run, client, bundle)


def _bundle(folder: Path) -> str:
    bundle = recorded(folder).get("scorer", {}).get("bundle")
    if not bundle:
        raise InputError(f"{folder} is no run of one bundle, so there is no model to register")
    return str(bundle)


def register(tracked: TrackedFolder, best: bool = False, score: str | None = None) -> Registered:
    """Makes a run's model a version of the registered model of its bundle.

    The same model of the same run is registered once. Nothing is registered where it is asked to
    be ``best`` and that cannot be decided.

    Args:
        tracked: the run.
        best: whether it is to be called ``best`` where a comparison with the present holder on the
            same images supports it.
        score: that is compared; that of the task where not given.

    Raises:
        InputError: the store cannot be written, or ``best`` cannot be decided: a run that was never
            scored, other images, or a split that leaks.
    """
    with _store(tracked.uri), alone_in(f"{tracked.uri}.registry"):
        holder = _holder(tracked)
        choice = _choice(tracked, holder, score) if best else None
        version, is_new = _version(tracked)
        if choice is not None:
            text = choice.text(version)
            tracked.client.set_model_version_tag(tracked.bundle, version, _DECISION, text)
            if choice.is_better:
                tracked.client.set_registered_model_alias(tracked.bundle, BEST, version)
    return Registered(tracked.bundle, version, is_new, choice)


@contextmanager
def _store(uri: str) -> Iterator[None]:
    """Point MLflow's own state to a store for a while, and tell what fails in a line."""
    import mlflow

    variable = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)  # this changes the environment, too
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        raise InputError(
            f"MLflow at {without_password(uri)} cannot register it ({first_line(error)})"
        ) from error
    finally:
        mlflow.set_tracking_uri(None)  # what was set before stands in the environment
        if variable is not None:
            os.environ["MLFLOW_TRACKING_URI"] = variable


def _holder(tracked: TrackedFolder) -> Any:
    """The version that is called ``best``; None where there is none."""
    for model in tracked.client.search_registered_models(f"name = '{tracked.bundle}'"):
        if BEST in model.aliases:
            return tracked.client.get_model_version(tracked.bundle, model.aliases[BEST])
    return None


def _choice(tracked: TrackedFolder, holder: Any, score: str | None) -> Choice:
    config = recorded(tracked.folder)
    if config.get(LEAKY) or tracked.run.data.tags.get(LEAKY):
        raise InputError(
            "the run is of a split that leaks on purpose: its scores are too good, and it is never "
            "called best. Leave --best out to register it"
        )
    new = Model("this run", _own_cases(tracked), config.get(DIGEST))
    if holder is None:
        return Choice.first()
    if holder.run_id == tracked.run_id:
        return Choice.same(holder.version)
    if CASES not in {each.path for each in tracked.client.list_artifacts(holder.run_id)}:
        return Choice.of_unscored(holder.version)
    with TemporaryDirectory() as folder:
        file, _, digest = fetch_cases(holder.run_id, tracked.uri, Path(folder))
        old = Model(f"version {holder.version}", read_case_files([file]), digest)
    return choose(old, new, holder.version, score)


def _own_cases(tracked: TrackedFolder) -> Cases:
    """The cases of a run's own fold, without which nothing says that its model is good."""
    if not (tracked.folder / CASES).is_file():
        raise InputError(
            f"MLflow run {tracked.run_id} was never scored ({CASES} is missing), as no trial of a "
            "search is, so it is never called best. Leave --best out to register it, or train with "
            "its settings and register that run"
        )
    return read_case_files([tracked.folder / CASES])


def _version(tracked: TrackedFolder) -> tuple[str, bool]:
    """The version of a run's model, made where there is none yet; whether it was made."""
    import mlflow

    sha256 = sha256_of(tracked.folder / MODEL)
    query = f"name = '{tracked.bundle}' and run_id = '{tracked.run_id}'"
    for version in tracked.client.search_model_versions(query):
        if version.tags.get(_SHA256) == sha256:
            return str(version.version), False
    config = recorded(tracked.folder)
    told = {
        "bundle": tracked.bundle,
        "variant": str(config.get("name", "")),
        "fold": str(config.get("fold", "")),
        "dataset_digest": str(config.get(DIGEST, "")),
        _SHA256: sha256,
    }
    model = log_model(tracked.client, tracked.run, tracked.folder, told)
    made = mlflow.register_model(model.model_uri, tracked.bundle, 0, tags=told)
    return str(made.version), True
