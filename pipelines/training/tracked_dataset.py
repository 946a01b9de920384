"""The dataset of a run as inputs of its MLflow run: what trained, what chose, what was scored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.datasets.dataset import Dataset, digest, validating_fold
from pipelines.datasets.dataset_difference import recorded_content
from pipelines.training.run_folder import DIGEST, recorded
from pipelines.training.run_record import DATASET, ITEMS, read_items
from pipelines.training.scored_fold import scores_fold
from pipelines.training.tracked_parameters import split_hash

TESTING = "testing"
"""MLflow's word for what is scored."""
DIGITS = 12
"""Of the dataset's digest, as MLflow has room for; the whole one is the run's tag ``dataset``."""


class Part(NamedTuple):
    """What one fold makes of a dataset, for one use.

    Attributes:
        context: MLflow's word for the use: ``training``, ``validation`` or ``testing``.
        folds: numbers of the folds.
        items: their items, as dataset.json has them.
    """

    context: str
    folds: tuple[int, ...]
    items: Sequence[Mapping[str, Any]]


def log_dataset(client: Any, run_id: str | None, folder: Path) -> None:
    """Log a run's dataset as inputs of its MLflow run; nothing where the run recorded none.

    A fold that the run does not score, as no trial of a search does, is no input.

    Each part is named after the dataset's folder and its folds. Its digest is that of the whole
    dataset, its source the folder, its profile counts images, groups and classes. No image and no
    name of one is sent.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        folder: the run's folder.
    """
    config = recorded(folder)
    if not (folder / ITEMS).is_file() or not isinstance(config.get("fold"), int):
        return
    content = read_items(folder)[DATASET]
    used = [
        part
        for part in _parts(content, config["fold"])
        if part.context != TESTING or scores_fold(config)
    ]
    _log(client, run_id, content, config, used)


def log_whole_dataset(client: Any, run_id: str | None, dataset: Dataset, context: str) -> None:
    """Log all folds of a dataset as one input of an MLflow run, as ``log_dataset`` does each part.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        dataset: the dataset.
        context: what it is used for.
    """
    whole = Part(context, tuple(dataset.folds), dataset.items)
    config = {"dataset_dir": dataset.folder, DIGEST: digest(dataset)}
    _log(client, run_id, recorded_content(dataset), config, [whole])


def _log(
    client: Any,
    run_id: str | None,
    content: Mapping[str, Any],
    config: Mapping[str, Any],
    used: Sequence[Part],
) -> None:
    from mlflow.entities import Dataset as Input
    from mlflow.entities import DatasetInput, InputTag

    place = Path(str(config["dataset_dir"])).absolute()
    source = json.dumps({"uri": str(place)})
    inputs = [
        DatasetInput(
            Input(
                name=f"{place.name} {_folds_text(part.folds)}",
                digest=str(config[DIGEST])[:DIGITS],
                source_type="local",
                source=source,
                profile=json.dumps(_profile(part, content)),
            ),
            [InputTag("mlflow.data.context", part.context)],
        )
        for part in used
    ]
    client.log_inputs(run_id, inputs)


def _parts(content: Mapping[str, Any], fold: int) -> list[Part]:
    """The parts of a fold, as ``pipelines.datasets.dataset.parts`` makes them."""
    items = content["training"]
    folds = sorted({item["fold"] for item in items})
    validating = validating_fold(folds, fold)
    used = {
        "training": tuple(each for each in folds if each not in (fold, validating)),
        "validation": (validating,),
        TESTING: (fold,),
    }
    return [
        Part(context, chosen, [item for item in items if item["fold"] in chosen])
        for context, chosen in used.items()
    ]


def _profile(part: Part, content: Mapping[str, Any]) -> dict[str, Any]:
    counts = Counter(_class(item, content) for item in part.items)
    return {
        "num_rows": len(part.items),
        "groups": len({item["group"] for item in part.items}),
        "classes": dict(sorted(counts.items())),
        "folds": list(part.folds),
        "split_hash": split_hash(content),
    }


def _class(item: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """The class of an image, in the words of the dataset."""
    named = item.get("class")
    return str(named if named is not None else content["labels"].get(str(item["label"]), ""))


def _folds_text(folds: Sequence[int]) -> str:
    return f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"
