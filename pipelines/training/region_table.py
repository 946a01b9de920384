"""Collect the regions that a network draws in the scored images, before any gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from ignite.engine import Engine, Events

from pipelines.evaluation.lesion_candidates import candidate_table
from pipelines.training.lesion_answers import lesion_answers
from pipelines.training.processes import gathered


class RegionTable:
    """Leaves in ``table`` a row for each region, with the columns of ``lesion_candidates``.

    The images are answered once more for it: what is scored has passed a gate, and how many
    lesions another gate would find is asked of what stood before it.

    Args:
        network: the network that the evaluator runs.
        loader: the evaluator's batches, with ``id``, ``image`` and the native ``truth``.
        probabilities: makes of logits probabilities of the image's native size.
        device: where the network is.
        threshold: probability above which a pixel is drawn.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        loader: Iterable[Mapping[str, Any]],
        probabilities: Callable[[dict[str, Any]], dict[str, Any]],
        device: str | torch.device,
        threshold: float = 0.5,
    ) -> None:
        self.network = network
        self.loader = loader
        self.probabilities = probabilities
        self.device = device
        self.threshold = threshold
        self.table = candidate_table([])

    def attach(self, engine: Engine) -> None:
        """Collect when the evaluator ``engine`` has completed."""
        engine.add_event_handler(Events.COMPLETED, lambda _: self.collect())

    def collect(self) -> None:
        """Answer the images and fill the table, of all processes."""
        answers = lesion_answers(self.network, self.loader, self.probabilities, self.device)
        rows = [row for answer in answers for row in answer.rows(self.threshold)]
        self.table = candidate_table(gathered(rows))
