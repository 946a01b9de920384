"""Log a run's model to its MLflow run: a small bundle of its own, with signature and example."""

from __future__ import annotations

import io
import re
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

import networks
import pipelines
import transforms
from pipelines.deployment.mlflow_model import IMAGE, MASK, PREDICTED, answer_columns
from pipelines.errors import InputError
from pipelines.training.operating_point import OPERATING_POINT
from pipelines.training.run_folder import CONFIG, MODEL
from pipelines.training.tracked_parameters import TELLING
from pipelines.training.tracked_results import CONFIGS

NAME = "model"
"""Of the model among those of its run."""

_LOADER = "pipelines.deployment.mlflow_model"
_TYPES = {PREDICTED: "string", MASK: "binary"}  # of the answers; others are probabilities
_EXAMPLE_SIDE = 64  # pixels


def log_model(client: Any, run: Any, folder: Path, metadata: dict[str, str]) -> Any:
    """Log the model of a run's folder to its MLflow run; the store is that of ``mlflow``'s state.

    What goes into it is what answers: the weights, the configuration of the inference, the chosen
    operating point, and the packages ``networks``, ``pipelines`` and ``transforms``. No image does:
    the input example is a made ramp of grey.

    Args:
        client: an ``MlflowClient`` of the same store.
        run: of MLflow.
        folder: the run's folder.
        metadata: kept with the model.

    Returns:
        MLflow's ``ModelInfo``.

    Raises:
        InputError: the folder lacks something that answers.
    """
    import mlflow.pyfunc
    from mlflow.models import Model

    with TemporaryDirectory() as temporary:
        bundle = Path(temporary) / "bundle"
        copy_bundle(folder, bundle)
        logged = client.create_logged_model(  # else it would stand in MLflow's Default experiment
            run.info.experiment_id,
            NAME,
            run.info.run_id,
            params={k: v for k, v in run.data.params.items() if k in TELLING},
        )
        return Model.log(
            artifact_path=None,
            name=NAME,
            flavor=mlflow.pyfunc,
            run_id=run.info.run_id,
            model_id=logged.model_id,
            loader_module=_LOADER,
            data_path=str(bundle),
            code_paths=[str(Path(room.__file__).parent) for room in _rooms()],
            signature=signature(bundle),
            input_example=example(),
            pip_requirements=requirements(),
            metadata=metadata,
        )


def copy_bundle(folder: Path, target: Path) -> None:
    """Copy what of a run's folder answers pictures; the target must not exist.

    Raises:
        InputError: something is missing.
    """
    target.mkdir(parents=True)
    for name in (MODEL, CONFIG, CONFIGS):
        if not (folder / name).exists():
            raise InputError(
                f"{folder} has no {name}, so there is no model to log; name the folder of a run "
                "whose training has ended"
            )
    for name in (MODEL, CONFIG, OPERATING_POINT):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)
    shutil.copytree(folder / CONFIGS, target / CONFIGS)


def signature(bundle: Path) -> Any:
    """What the model takes and gives: the content of picture files; classes or masks.

    Args:
        bundle: as ``copy_bundle`` made it.

    Returns:
        MLflow's ``ModelSignature``.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    columns = [
        ColSpec(_TYPES.get(name, "double"), name)
        for name in answer_columns(bundle / CONFIGS / "inference.json")
    ]
    return ModelSignature(Schema([ColSpec("binary", IMAGE)]), Schema(columns))


def example() -> pd.DataFrame:
    """One made picture, a ramp of grey: no patient's image goes to a registry."""
    ramp = np.linspace(0, 255, _EXAMPLE_SIDE).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(np.tile(ramp, (_EXAMPLE_SIDE, 1))).save(content, format="PNG")
    return pd.DataFrame({IMAGE: [content.getvalue()]})


def requirements() -> list[str]:
    """The libraries of an installation, each in the version that is installed here."""
    try:
        stated = requires("med2d") or []
    except PackageNotFoundError as error:
        raise InputError(
            "med2d is not installed, so the libraries that a model needs are not known; install it "
            "by pip install -e ."
        ) from error
    names = [re.split(r"[\s<>=!~;\[(]", text)[0] for text in stated if "extra ==" not in text]
    return [f"{name}=={version(name).partition('+')[0]}" for name in sorted(names)]


def _rooms() -> tuple[Any, ...]:
    return (networks, pipelines, transforms)
