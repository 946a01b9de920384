"""Turn a classifier's logits into probabilities that add up to 1."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

ACTIVATIONS = ("softmax", "sigmoid")


class ClassProbabilitiesd(MapTransform):
    """Turns logits (..., classes) into probabilities by the rule that the training's loss implies.

    A network trained by cross-entropy is read by a softmax. One trained by binary cross-entropy
    answers each class by a sigmoid of its own, an estimate of that class's probability; they are
    divided by their sum, as scikit-learn's ``OneVsRestClassifier`` does. A softmax of such logits
    would be too sure of itself: it is right only for odds against all others at once. Both rules
    name the same class as the most probable one.

    Args:
        keys: logits, (..., classes).
        activation: ``softmax`` or ``sigmoid``.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: another ``activation``.
    """

    def __init__(
        self, keys: KeysCollection, activation: str = "softmax", allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation is {activation!r}; expected one of {ACTIVATIONS}")
        self.activation = activation

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with probabilities (..., classes), float32, in place of the logits."""
        given = dict(data)
        for key in self.key_iterator(given):
            given[key] = self._probabilities(torch.as_tensor(given[key]).float())
        return given

    def _probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        if self.activation == "softmax":
            return logits.softmax(dim=-1)
        # By logarithms: where every sigmoid is next to nothing, their sum must not be zero.
        return torch.nn.functional.logsigmoid(logits).softmax(dim=-1)
