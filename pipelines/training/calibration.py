"""Fit a classifier's temperature to the validation fold, and keep it with the weights."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any, NamedTuple

import ignite.distributed as idist
import numpy as np
import pandas as pd
import torch
from ignite.engine import Engine, Events

from networks.calibrated_classifier import CalibratedClassifier
from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError
from pipelines.evaluation.calibration_statistics import calibration_values
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.temperature import Temperature, fit_temperature, log_probabilities
from pipelines.progress import counting
from pipelines.training.processes import gathered
from pipelines.training.run_folder import MODEL, flag
from pipelines.training.tracked_results import CALIBRATION
from pipelines.training.weights import load_weights

_LOG = logging.getLogger("med2d")


class Answered(NamedTuple):
    """The images of the validation fold as the best model answers them, sorted by id.

    Attributes:
        images: ``id``, ``group`` and ``class``.
        logits: (images, classes), before any temperature.
    """

    images: pd.DataFrame
    logits: np.ndarray


class Calibration:
    """Fits, when the training has ended, the temperature of a ``CalibratedClassifier``.

    The best model answers the validation fold as it will answer any image, by its mirror image,
    too, where that is wanted, in float32; see ``fit_temperature``. The temperature goes into
    ``model.pt``, so that whoever loads the model has it, and with what it reached into
    ``calibration.json``. Class weights and balanced sampling do not enter, and the fold that is
    scored is not looked at. Stands before the scorer in the trainer's list.

    Args:
        network: what is scored; the best model's weights are put into it.
        loader: batches of the validation fold, with ``id``, ``group``, ``class`` and ``image``.
        labels: the class names in the order of their indices.
        output_dir: the run's folder, with ``model.pt``.
        device: where the network is.
        enabled: whether a temperature is fitted; it is 1 where not.

    Raises:
        InputError: ``enabled`` is neither true nor false.
    """

    def __init__(
        self,
        network: CalibratedClassifier,
        loader: Iterable[Mapping[str, Any]],
        labels: Sequence[str],
        output_dir: str | Path,
        device: str | torch.device,
        enabled: bool | str = True,
    ) -> None:
        self.network = network
        self.loader = loader
        self.labels = list(labels)
        self.folder = Path(output_dir)
        self.device = device
        self.enabled = flag(enabled, "calibration")

    def attach(self, engine: Engine) -> None:
        """Fit when the trainer ``engine`` has completed; until then there is no temperature."""
        if self.enabled:
            engine.add_event_handler(Events.STARTED, lambda _: self._forget())
            engine.add_event_handler(Events.COMPLETED, lambda _: self.fit())

    def _forget(self) -> None:
        if idist.get_rank() == 0:
            (self.folder / CALIBRATION).unlink(missing_ok=True)

    def fit(self) -> Temperature:
        """Fit, set the network, write and tell.

        Raises:
            InputError: the run has no model, or one that answers NaN.
        """
        idist.barrier()  # the first process may still be writing the model
        load_weights(self.network, self.folder / MODEL)
        answered = self._answered()
        places = {name: place for place, name in enumerate(self.labels)}
        truth = np.array(answered.images["class"].map(places), dtype=np.int64)
        found = fit_temperature(answered.logits, truth, self.labels, self.network.activation)
        self.network.temperature.fill_(found.value)
        if idist.get_rank() == 0:
            self._write(found, answered)
        idist.barrier()
        return found

    @torch.no_grad()
    def _answered(self) -> Answered:
        """Answers the validation fold, shared out to the processes."""
        self.network.eval()
        rows: list[dict[str, Any]] = []
        total = len(self.loader) if isinstance(self.loader, Sized) else 0
        with counting("calibrating") as report:
            for done, batch in enumerate(self.loader, 1):
                logits = self.network.uncalibrated(batch["image"].to(self.device)).double().cpu()
                named = [batch[key] for key in ("id", "group", "class")]
                for *names, values in zip(*named, logits.tolist(), strict=True):
                    row = dict(zip(("id", "group", "class"), map(str, names), strict=True))
                    rows.append({**row, "logits": values})
                report(done, total)
        table = pd.DataFrame(gathered(rows)).sort_values("id", ignore_index=True)
        logits = np.array(table.pop("logits").tolist())
        if not np.isfinite(logits).all():
            raise InputError(
                "the best model answers NaN for images of the validation fold, so that no "
                "temperature can be fitted; train again with a lower learning_rate"
            )
        return Answered(table, logits)

    def _write(self, found: Temperature, answered: Answered) -> None:
        with replacing(self.folder / MODEL) as part:
            torch.save(self.network.state_dict(), part)
        before, after = (self._scores(answered, value) for value in (1.0, found.value))
        content = {
            "temperature": found.value,
            "flip_average": self.network.flip_average,
            "activation": self.network.activation,
            "images": len(answered.images),
            "groups": int(answered.images["group"].nunique()),
            "mistakes": found.mistakes,
            "remarks": list(found.remarks),
            "validation": {"before": before, "after": after},
        }
        write_text(self.folder / CALIBRATION, json.dumps(content, indent=2) + "\n")
        changes = ", ".join(
            f"{name.replace('_', ' ')} {before[name]:.3f} -> {after[name]:.3f}" for name in before
        )
        _LOG.info(
            f"calibration: temperature {found.value:.3f}; on the {len(answered.images)} images of "
            f"the validation fold {changes}"
        )
        if found.remarks:
            _LOG.warning(f"the temperature is weakly founded: {'; '.join(found.remarks)}")

    def _scores(self, answered: Answered, temperature: float) -> dict[str, float]:
        """Scores the validation fold at a temperature; see ``calibration_values``."""
        logarithms = log_probabilities(answered.logits, temperature, self.network.activation)
        columns = [PREFIX + name for name in self.labels]
        probabilities = pd.DataFrame(np.exp(logarithms), columns=columns)
        return calibration_values(answered.images.join(probabilities), self.labels)
