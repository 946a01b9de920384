"""Whether a model may take the place of the one that is called best: only where images show it."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipelines.errors import InputError
from pipelines.evaluation.comparison import (
    DEFAULTS,
    ComparisonOptions,
    comparison,
    less_is_better,
)
from pipelines.evaluation.paired_cases import Model, paired


class Choice(NamedTuple):
    """What was decided.

    Attributes:
        is_better: whether the new model is to be called best.
        holder: version that was called so; None where there was none.
        reason: in words.
    """

    is_better: bool
    holder: str | None
    reason: str

    @classmethod
    def first(cls) -> Choice:
        """There is nothing to compare with."""
        return cls(True, None, "there was none before, so nothing was compared")

    @classmethod
    def of_unscored(cls, holder: str) -> Choice:
        """The holder was never scored: nothing says that it is good."""
        reason = f"version {holder} was never scored, so nothing was compared"
        return cls(True, str(holder), reason)

    @classmethod
    def same(cls, holder: str) -> Choice:
        """It is the holder's own run."""
        return cls(False, str(holder), "it is of this run already")

    def text(self, version: str) -> str:
        """The decision in a line.

        Args:
            version: of the new model.
        """
        if not self.is_better:
            return f"best stays version {self.holder}: {self.reason}"
        before = f" instead of version {self.holder}" if self.holder else ""
        return f"best is now version {version}{before}: {self.reason}"


def choose(old: Model, new: Model, holder: str, score: str | None = None) -> Choice:
    """Compares two models on the images that both have answered.

    The new one is better where the 95 % interval of the paired difference lies wholly on its side
    of 0 and the permutation test agrees (p below 0.05).

    Args:
        old: the cases of the model that is called best.
        new: those of the other.
        holder: the version of the old one.
        score: that is compared; the first of the task's where not given.

    Raises:
        InputError: they have not answered the same images of the same dataset, or there is no
            such score.
    """
    try:
        models = paired([old, new])
    except InputError as error:
        raise InputError(
            f"best cannot be decided: {error}. Leave --best out to register the model without it"
        ) from error
    name = score or DEFAULTS[new.cases.task][0]
    content = comparison(models, ComparisonOptions((name,)))
    entry = content["pairs"][0]["scores"][name]
    images = f"{content['images']} images in {content['groups']} groups"
    return Choice(_supports(name, entry, new.name), str(holder), _reason(name, entry, new, images))


def _supports(score: str, entry: dict[str, Any], new: str) -> bool:
    if entry["low"] is None or entry["high"] is None or entry["better"] != new:
        return False
    return bool(entry["high"] < 0 if less_is_better(score) else entry["low"] > 0)


def _reason(score: str, entry: dict[str, Any], new: Model, images: str) -> str:
    if entry["difference"] is None or entry["low"] is None:
        return f"no evidence: {score} of {images} gives no interval of the difference"
    figures = (
        f"{score} {entry['first']:.3f} -> {entry['second']:.3f}, difference "
        f"{entry['difference']:+.3f} [{entry['low']:+.3f}, {entry['high']:+.3f}], "
        f"p {entry['p']:.3f}, {images}"
    )
    if _supports(score, entry, new.name):
        return figures
    words = "no evidence of a difference" if entry["better"] is None else "no evidence for it"
    return f"{words} ({figures})"
