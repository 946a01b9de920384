"""What a network says of each image before anything is chosen: probabilities and presence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.data import decollate_batch
from numpy.typing import NDArray

from pipelines.evaluation.cases import FLAGS
from pipelines.evaluation.lesion_candidates import candidates
from pipelines.progress import counting


class LesionAnswer(NamedTuple):
    """The answer for one image, at its native size.

    Attributes:
        item: the loader's values of the image: ``id``, ``group``, ``class``, and ``fold`` and
            ``flags`` where there are any.
        presence: probability that the image holds a lesion; NaN where the network gives none.
        probability: of each pixel to be lesion, float32, (H, W), in [0, 1].
        truth: annotated mask, bool, (H, W).
    """

    item: Mapping[str, Any]
    presence: float
    probability: NDArray[np.float32]
    truth: NDArray[np.bool_]

    def rows(self, threshold: float) -> list[dict[str, Any]]:
        """Gives the image's rows of the table of candidates, a row a region.

        Args:
            threshold: probability above which a pixel is drawn.
        """
        named = {name: self.item[name] for name in ("id", "group", "class")}
        image = {**named, "fold": self.item.get("fold"), FLAGS: self.item.get(FLAGS, "")}
        found = candidates(self.probability, self.truth, threshold)
        return [{**image, "presence": self.presence, **candidate._asdict()} for candidate in found]


@torch.no_grad()
def lesion_answers(
    network: torch.nn.Module,
    batches: Iterable[Mapping[str, Any]],
    probabilities: Callable[[dict[str, Any]], dict[str, Any]],
    device: str | torch.device,
) -> Iterator[LesionAnswer]:
    """Answers the images of a loader, one after the other, without a gate.

    Args:
        network: gives logits (batch, 1, height, width); where it has ``answers``, as a
            ``PresenceNetwork``, these are asked: mask and presence before the gate.
        batches: with ``image`` (batch, channel, height, width) and the native ``truth``.
        probabilities: makes of an image's logits in ``pred`` probabilities of its native size.
        device: where the network is.
    """
    inner = getattr(network, "module", network)
    network.eval()
    total = len(batches) if isinstance(batches, Sized) else 0
    with counting("looking for regions") as report:
        for done, batch in enumerate(batches, 1):
            images = batch["image"].to(device)
            presence = torch.full((len(images), 1), math.nan)
            if hasattr(inner, "answers"):
                logits, score = inner.answers(images)
                presence = score.float().sigmoid().cpu()
            else:
                logits = network(images)
            for item, certain in zip(
                decollate_batch({**batch, "pred": logits}), presence[:, 0].tolist(), strict=True
            ):
                pred = probabilities(item)["pred"]
                yield LesionAnswer(
                    item, certain, _plane(pred).astype(np.float32), _plane(item["truth"]) > 0
                )
            report(done, total)


def _plane(tensor: torch.Tensor) -> NDArray[Any]:
    plain = tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
    return plain[0].float().cpu().numpy()
