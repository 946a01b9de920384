"""Choose a joint network's operating point on the validation fold, and keep it with the weights."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import ignite.distributed as idist
import pandas as pd
import torch
from ignite.engine import Engine, Events
from skimage.measure import label

from networks.presence_network import PresenceNetwork
from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError
from pipelines.evaluation.gate_choice import (
    IMAGES,
    SHARES,
    GateChoice,
    check_choice,
    chosen_gate,
)
from pipelines.evaluation.lesion_candidates import candidate_table
from pipelines.evaluation.segmentation import EIGHT_NEIGHBOURS
from pipelines.training.ensemble import ensemble_runs
from pipelines.training.lesion_answers import LesionAnswer, lesion_answers
from pipelines.training.processes import gathered
from pipelines.training.run_folder import MODEL, recorded
from pipelines.training.weights import load_weights
from transforms.remove_small_regions import RemoveSmallRegionsd

_LOG = logging.getLogger("med2d")

OPERATING_POINT = "operating_point.json"
"""What was chosen, and what it reached where it was chosen, in a run's folder."""


class OperatingPoint:
    """Chooses, when a training has ended, the gate of a ``PresenceNetwork`` and the least region.

    The best model answers the validation fold; ``chosen_gate`` tells the rule. The gate goes into
    ``model.pt``, so that whoever loads the model has it; both stand in ``operating_point.json``.
    The fold that is scored is not looked at. Stands before the scorer in the trainer's list.

    Args:
        network: the network that is scored; the best model's weights are put into it.
        loader: batches of the validation fold, with ``id``, ``image`` and the native ``truth``.
        probabilities: makes of logits probabilities of the image's native size.
        region_filter: the transform of the postprocessing that removes small regions.
        output_dir: the run's folder, with ``model.pt``.
        device: where the network is.
        sensitivity: the share of the lesions drawn on the validation fold that must stay, in
            (0, 1].
        threshold: probability above which a pixel is drawn.
        shares: least regions that are tried, as shares of the image.
        least_share: the least region where it is given, which is kept: the gate alone is chosen.

    Raises:
        InputError: the network has no gate, or ``sensitivity`` or ``shares`` are out of range.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        loader: Iterable[Mapping[str, Any]],
        probabilities: Callable[[dict[str, Any]], dict[str, Any]],
        region_filter: RemoveSmallRegionsd,
        output_dir: str | Path,
        device: str | torch.device,
        sensitivity: float,
        threshold: float = 0.5,
        shares: Iterable[float] = SHARES,
        least_share: float | None = None,
    ) -> None:
        self.shares = tuple(shares)
        check_choice(sensitivity, self.shares)
        self.network = network
        self.inner = getattr(network, "module", network)
        if not isinstance(self.inner, PresenceNetwork):
            raise InputError(
                f"an operating point needs a network with a gate, as PresenceNetwork has; "
                f"{type(self.inner).__name__} has none. Set operating_point to null"
            )
        self.loader = loader
        self.probabilities = probabilities
        self.region_filter = region_filter
        self.folder = Path(output_dir)
        self.device = device
        self.sensitivity = sensitivity
        self.threshold = threshold
        self.least_share = least_share

    def attach(self, engine: Engine) -> None:
        """Choose when the trainer ``engine`` has completed; until then there is no choice."""
        engine.add_event_handler(Events.STARTED, lambda _: self._forget())
        engine.add_event_handler(Events.COMPLETED, lambda _: self.choose())

    def _forget(self) -> None:
        if idist.get_rank() == 0:
            (self.folder / OPERATING_POINT).unlink(missing_ok=True)

    def choose(self) -> GateChoice:
        """Choose, set the network and the filter, and write.

        Raises:
            InputError: the run has no model, or the validation fold no lesion.
        """
        idist.barrier()  # the first process may still be writing the model
        load_weights(self.inner, self.folder / MODEL)
        answers = lesion_answers(self.network, self.loader, self.probabilities, self.device)
        rows = gathered([self._row(answer) for answer in answers])
        regions = candidate_table(region for row in rows for region in row["regions"])
        images = pd.DataFrame(rows)[list(IMAGES)]
        choice = chosen_gate(regions, images, self.sensitivity, self.shares, self.least_share)
        self.inner.gate.fill_(choice.gate)
        self.region_filter.least_share = choice.least_share
        if idist.get_rank() == 0:
            self._write(choice)
        idist.barrier()
        return choice

    def _row(self, answer: LesionAnswer) -> dict[str, Any]:
        lesions = label(answer.truth, return_num=True, connectivity=EIGHT_NEIGHBOURS)[1]
        values = (str(answer.item["id"]), answer.presence, int(lesions))
        return {
            **dict(zip(IMAGES, values, strict=True)),
            "regions": answer.rows(self.threshold),
        }

    def _write(self, choice: GateChoice) -> None:
        with replacing(self.folder / MODEL) as part:
            torch.save(self.inner.state_dict(), part)
        given = {} if self.least_share is None else {"least_share_was_given": True}
        content = {"wanted_sensitivity": self.sensitivity, **choice._asdict(), **given}
        write_text(self.folder / OPERATING_POINT, json.dumps(content, indent=2) + "\n")
        rate = choice.false_positive_rate
        normal = ""
        if rate is not None:
            normal = f", {rate:.2f} of {choice.normal_images} normal images with a false positive"
        _LOG.info(
            f"operating point: gate {choice.gate:.3f}, regions from {choice.least_share:.2%} of "
            f"the image; on the validation fold {choice.sensitivity:.2f} of {choice.lesions} "
            f"lesions found ({choice.drawn:.2f} without them){normal}"
        )
        if choice.drawn and not choice.sensitivity:
            _LOG.warning(
                f"regions from {choice.least_share:.2%} of the image on leave no lesion of the "
                "validation fold, so that there was nothing to choose a gate by; give a smaller "
                "--least_share, or null to have it chosen"
            )
        if not choice.drawn:
            _LOG.warning(
                "the best model draws no lesion of the validation fold, so that there was nothing "
                "to choose a gate by; train longer, or with another learning_rate"
            )


def least_share(output_dir: str | Path, ensemble: Any = None) -> float:
    """The least region of a run: chosen, else as its configuration says.

    Args:
        output_dir: the run's folder.
        ensemble: folders of the runs that answer together, or None. Theirs is the median of what
            they have, each by its own validation fold: none of them alone decides it.

    Raises:
        InputError: there is no run, or one that has not chosen yet, or the file of the operating
            point cannot be read.
    """
    runs = ensemble_runs(ensemble)
    if runs:
        return median(map(least_share, runs))
    path = Path(output_dir) / OPERATING_POINT
    if not path.is_file():
        config = recorded(output_dir)
        if config.get("operating_point") is not None:
            raise InputError(
                f"{path} is missing: the training broke off before it chose its operating point, "
                "and its model has no gate yet. Give the command that started it with --resume true"
            )
        return float(config.get("least_share") or 0.0)
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["least_share"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); expected what the training wrote: train again"
        ) from error


def check_least_share(given: float, output_dir: str | Path, ensemble: Any = None) -> None:
    """Refuse to score a run with another least region than it has.

    Args:
        given: the least region of the configuration that scores.
        output_dir: the run's folder.
        ensemble: folders of the runs that answer together, or None.

    Raises:
        InputError: they differ: who tries several would choose one on the scored images.
    """
    own = least_share(output_dir, ensemble)
    if given != own:
        whose = "the runs of the ensemble have" if ensemble else f"the run in {output_dir} has"
        raise InputError(
            f"least_share is {given}, but {whose} {own}; leave --least_share out, or train with it"
        )
