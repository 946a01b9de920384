"""Stop where a network answers NaN: a class or mask made of it would look like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.engines import IterationEvents

from pipelines.errors import InputError

_MOST_NAMED = 10
_NAMES = ("id", "path")
"""Keys of a batch that name its images."""

_WAY_OUT = (
    "such a model is not used: train again with a lower learning_rate, or take the model of "
    "another run"
)


class FiniteAnswers:
    """Looks at each answer of an evaluator before its postprocessing.

    Softmax and argmax make class 0 of NaN, a threshold makes an empty mask, and neither shows it.

    Args:
        training: the evaluator validates a training, whose epoch it counts by: the message tells
            the epoch and what is kept.
    """

    def __init__(self, training: bool = False) -> None:
        self.training = training

    def attach(self, engine: Engine) -> None:
        """Check after each forward pass of ``engine``."""
        engine.register_events(*IterationEvents)  # an engine of Ignite's own has none of them
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Check the answers ``pred`` to a batch, (batch, …).

        Raises:
            InputError: some are NaN, or overflow.
        """
        answers = engine.state.output["pred"].detach().flatten(1)
        wrong = (~(answers < float("inf"))).any(dim=1).tolist()
        if not any(wrong):
            return
        images = "image" if len(wrong) == 1 else "images"
        found = f"{sum(wrong)} of {len(wrong)} {images}{_named(engine.state.batch, wrong)}"
        if not self.training:
            raise InputError(f"the model answers NaN for {found}; {_WAY_OUT}")
        raise InputError(
            f"validation in epoch {engine.state.epoch}: the network answers NaN for {found}; "
            f"lower learning_rate ({kept(engine.state.epoch)})"
        )


def kept(epoch: int) -> str:
    """What a run still has that stops in an epoch.

    Args:
        epoch: counted from 1.
    """
    return f"the checkpoint of epoch {epoch - 1} is kept" if epoch > 1 else "no epoch was finished"


def _named(batch: Mapping[str, Any], wrong: list[bool]) -> str:
    """The names of the images that are wrong, as a remark; nothing where they have none."""
    read = getattr(batch.get("image"), "meta", {}).get("filename_or_obj")
    names = next((batch[key] for key in _NAMES if key in batch), read)
    if not isinstance(names, list | tuple):
        return ""
    found = [Path(str(name)).name for name, is_wrong in zip(names, wrong, strict=True) if is_wrong]
    return f" ({', '.join(found[:_MOST_NAMED])}{', …' if len(found) > _MOST_NAMED else ''})"
