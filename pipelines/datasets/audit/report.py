"""The whole report, as Python holds it and as audit.json does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pipelines
from pipelines.datasets.audit.finding import SEVERITIES, Finding, number
from pipelines.datasets.dataset import Dataset

JSON, HTML = "audit.json", "audit.html"
"""The two files of an audit."""


@dataclass(frozen=True)
class Report:
    """What an audit found.

    Attributes:
        dataset: the dataset that was looked at.
        findings: the gravest first.
        classes: class to its images in each fold, in all, and its groups.
        mask_classes: name of each mask class to the masks and pixels that hold it.
        lesions: names of the classes whose masks should mark something.
        pairs: images that show the same, as ``Pair.content`` gives them; of very many only some of
            each image.
        pairs_found: how many there are in all.
        clusters: paths of the images of each cluster of several.
        resolution: sizes, and the recommended size of the input.
        intensity: mean and standard deviation of what trains.
        flags: path of each image that has any to its flags.
        flag_counts: class to its images with each flag.
        left_out: what the conversion left out: ``source`` and ``reason``.
    """

    dataset: Dataset
    findings: tuple[Finding, ...]
    classes: Mapping[str, Mapping[str, int]]
    mask_classes: Mapping[str, Mapping[str, int]]
    lesions: Sequence[str]
    pairs: Sequence[Mapping[str, Any]]
    pairs_found: int
    clusters: Sequence[Sequence[str]]
    resolution: Mapping[str, Any]
    intensity: Mapping[str, Any]
    flags: Mapping[str, Sequence[str]]
    flag_counts: Mapping[str, Mapping[str, int]]
    left_out: Sequence[Mapping[str, str]]

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def passes(self) -> bool:
        """Whether there is no error."""
        return not self.counts["error"]

    @property
    def verdict(self) -> str:
        """The result in a few words, such as ``fails: 1 error, 2 warnings``."""
        return verdict(self.counts)

    def content(self) -> dict[str, Any]:
        """Gives the content of audit.json; it holds no time and no place, so it can be compared."""
        dataset = self.dataset
        items = (*dataset.items, *dataset.testing)
        return {
            "name": dataset.name,
            "task": dataset.task,
            "modality": dataset.modality,
            "med2d": pipelines.__version__,
            "passes": self.passes,
            "verdict": self.verdict,
            "counts": self.counts,
            "images": len(items),
            "testing": len(dataset.testing),
            "groups": len({item["group"] for item in items}),
            "folds": len(dataset.folds),
            "findings": [finding.content() for finding in self.findings],
            "classes": self.classes,
            "mask_classes": self.mask_classes,
            "lesions_expected": list(self.lesions),
            "duplicates": {
                "pairs_found": self.pairs_found,
                "pairs": list(self.pairs),
                "clusters": list(self.clusters),
            },
            "resolution": self.resolution,
            "intensity": self.intensity,
            "flags": {
                "counts": self.flag_counts,
                "images": {image: list(names) for image, names in self.flags.items()},
            },
            "left_out": list(self.left_out),
        }


def verdict(counts: Mapping[str, int]) -> str:
    """Says the result in a few words.

    Args:
        counts: the number of findings of each severity.

    Examples:
        >>> verdict({"error": 1, "warning": 2, "note": 7}), verdict({"error": 0, "warning": 0})
        ('fails: 1 error, 2 warnings', 'passes')
    """
    shown = [severity for severity in ("error", "warning") if counts[severity]]
    listed = ", ".join(number(counts[severity], severity) for severity in shown)
    return ("fails" if counts["error"] else "passes") + (f": {listed}" if listed else "")


def by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sorts findings, the gravest first; within a severity their order stays."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
