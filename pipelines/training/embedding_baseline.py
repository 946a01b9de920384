"""The baseline of transfer learning: a classifier of scikit-learn on a frozen network's embeddings.

It takes the place of the training, and leaves the same files and one MLflow run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import numpy as np
import pandas as pd
import torch
from ignite.engine import Engine, Events
from monai.data import DataLoader, Dataset
from rich.console import Console
from torch.nn.parallel import DistributedDataParallel

from networks.transfer_classifier import TransferClassifier
from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError
from pipelines.progress import counting
from pipelines.training.calibration import Calibration
from pipelines.training.early_stop import metric_or_worst
from pipelines.training.embedding_classifiers import KINDS, Layer, Samples, fit_classifier
from pipelines.training.run_folder import MODEL
from pipelines.training.scoring import Scorer
from pipelines.training.tracking import Tracking

_LOG = logging.getLogger("med2d")

CANDIDATES = "candidates.csv"
"""A row for each strength that was tried, with the validation's scores."""


class EmbeddingBaseline:
    """Fits a classifier to embeddings of the training images, and puts it into the network's head.

    The strength of the regularisation is chosen by the validation fold; nothing else is. The whole
    network, with the head that answers as scikit-learn's classifier does, becomes ``model.pt``.

    Args:
        network: a classifier whose backbone is pretrained, with average pooling, and for ``mlp``
            with a dense layer.
        classifier: ``svm`` (linear), ``logistic`` or ``mlp``; see ``embedding_classifiers``.
        items: the images that train.
        preprocessing: makes ``image`` (channels, height, width) of a path.
        activation: what makes probabilities of the network's answers; must be that of the
            classifier.
        validator: engine over the validation fold, which runs ``network``.
        scorer: scores the run's fold at the end.
        handlers: of the training that this takes the place of; the calibration and the tracking
            among them are used.
        output_dir: the run's folder.
        strengths: values to choose from; those of the classifier where not given.
        metric: the validation's metric that chooses; larger is better.
        batch_size: images that are embedded at once.
        num_workers: processes that load images.
        seed: of everything random.

    Raises:
        InputError: there are several processes, there is no such classifier, or network and
            activation do not fit it.
    """

    def __init__(
        self,
        network: TransferClassifier,
        classifier: str,
        items: Sequence[Mapping[str, Any]],
        preprocessing: Callable[[Any], Any],
        activation: str,
        validator: Engine,
        scorer: Scorer,
        handlers: Sequence[Any],
        output_dir: str | Path,
        strengths: Sequence[float] | None = None,
        metric: str = "val_balanced_accuracy",
        batch_size: int = 16,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        _check_alone(network)
        _check(network, classifier, activation, strengths)
        self.network = network
        self.classifier = classifier
        self.items = items
        self.preprocessing = preprocessing
        self.validator = validator
        self.scorer = scorer
        self.calibrations = [handler for handler in handlers if isinstance(handler, Calibration)]
        self.trackings = [handler for handler in handlers if isinstance(handler, Tracking)]
        self.folder = Path(output_dir)
        self.strengths = tuple(strengths or KINDS[classifier].strengths)
        self.metric = metric
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.rows: list[dict[str, Any]] = []
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)

    def run(self) -> None:
        """Embed, fit each candidate, keep the best, calibrate, score the fold, and track it."""
        engine = Engine(self._try)
        engine.add_event_handler(Events.COMPLETED, self._keep)
        for calibration in self.calibrations:
            calibration.attach(engine)
        self.scorer.attach(engine)
        for tracking in self.trackings:
            tracking.optimizer = None
            tracking.attach(engine)
        self.rows, self._best = [], -np.inf
        engine.run([None], max_epochs=len(self.strengths))

    def samples(self) -> Samples:
        """Embeds the images that train, as they are, in float32."""
        images = Dataset([{"image": item["image"]} for item in self.items], self.preprocessing)
        loader = DataLoader(images, batch_size=self.batch_size, num_workers=self.num_workers)
        device = next(self.network.parameters()).device
        embeddings = []
        self.network.eval()
        with torch.no_grad(), counting("embedding") as report:
            for done, batch in enumerate(loader, start=1):
                embeddings.append(self.network.embeddings(batch["image"].to(device)).cpu())
                report(min(done * self.batch_size, len(images)), len(images))
        return Samples(
            torch.cat(embeddings).double().numpy(),
            np.array([item["label"] for item in self.items], dtype=np.int64),
            np.array([item["group"] for item in self.items], dtype=np.str_),
        )

    def _try(self, engine: Engine, batch: None) -> None:
        """Fits one candidate and validates it; the first with the best metric is kept."""
        started = time.monotonic()
        if engine.state.epoch == 1:
            self._samples = self.samples()
        strength = self.strengths[engine.state.epoch - 1]
        dense = getattr(self.network.head, "dense", None)
        width = None if dense is None else dense.out_features
        fitted = fit_classifier(self.classifier, self._samples, strength, width, self.seed)
        fill_head(self.network.head, fitted.layers)
        self.validator.run(engine.state.epoch)
        engine.state.metrics["strength"] = strength
        value = metric_or_worst(self.validator, self.metric)
        if value > self._best:
            self._best = value
            self._state = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.rows.append({"strength": strength, **_numbers(self.validator.state.metrics)})
        seconds = time.monotonic() - started
        self.console.print(
            f"{self.classifier}, strength {strength:g}  {self.metric} {value:.3f}  {seconds:.1f} s"
        )

    def _keep(self, engine: Engine) -> None:
        self.network.load_state_dict(self._state)
        with replacing(self.folder / MODEL) as temporary:
            torch.save(self._state, temporary)
        table = pd.DataFrame(self.rows)
        write_text(self.folder / CANDIDATES, table.to_csv(index=False, lineterminator="\n"))
        best = max(self.rows, key=lambda row: row.get(self.metric, -np.inf))
        if best["strength"] in (self.strengths[0], self.strengths[-1]) and len(self.rows) > 1:
            _LOG.info(f"the best strength, {best['strength']:g}, is at an end of the list")


def fill_head(head: torch.nn.Module, layers: Sequence[Layer]) -> None:
    """Puts linear layers into a classifier's head.

    Args:
        head: made by ``networks.head.classifier_head`` with as many linear layers.
        layers: weight (outputs, inputs) and bias (outputs,) of each.
    """
    linear = [part for part in head.modules() if isinstance(part, torch.nn.Linear)]
    with torch.no_grad():
        for module, (weight, bias) in zip(linear, layers, strict=True):
            module.weight.copy_(torch.as_tensor(weight))
            module.bias.copy_(torch.as_tensor(bias))


def _check_alone(network: torch.nn.Module) -> None:
    if idist.get_world_size() > 1 or isinstance(network, DistributedDataParallel):
        raise InputError(
            "the baseline runs in one process; start it without torchrun, and leave "
            "multi_gpu_train.json out"
        )


def _check(
    network: TransferClassifier,
    classifier: str,
    activation: str,
    strengths: Sequence[float] | None,
) -> None:
    if classifier not in KINDS:
        raise InputError(f"classifier is {classifier!r}; expected one of {', '.join(KINDS)}")
    kind = KINDS[classifier]
    if activation != kind.activation:
        raise InputError(
            f"activation is {activation!r}, but the classifier {classifier} is read by a "
            f"{kind.activation}; give --activation {kind.activation}"
        )
    parts = [type(part).__name__ for part in network.head.children()]
    expected = [
        "AdaptiveAvgPool2d",
        "Flatten",
        *(["Linear", "ReLU"] if kind.hidden else []),
        "Linear",
    ]
    if parts != expected:
        raise InputError(
            f"the head of network_def is {', '.join(parts)}; the classifier {classifier} needs "
            f"{', '.join(expected)}: pooling average, "
            + ("a dense width such as 64" if kind.hidden else "no dense layer")
            + ", neither batch_norm nor dropout"
        )
    given = strengths if strengths is not None else kind.strengths
    if not given or not all(_is_positive(value) for value in given):
        raise InputError(f"strengths is {strengths!r}; expected numbers above 0")


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < np.inf


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
