"""The Model Zoo's checks of a bundle, offline, and those of the programs that read bundles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pipelines.deployment.checks.checked_bundle import TRAIN, CheckedBundle
from pipelines.deployment.checks.files import (
    FILES,
    SUMS,
    WEIGHTS,
    check_files,
    check_sums,
    check_weights,
)
from pipelines.deployment.checks.forms import (
    FEDERATED,
    LABEL_ANSWERS,
    LABEL_TRAINS,
    check_federated,
    check_label_answers,
    check_label_trains,
)
from pipelines.deployment.checks.metadata import SCHEMA, VERSION, check_metadata, check_version
from pipelines.deployment.checks.network import EXPORT, NETWORK, check_export, check_network
from pipelines.deployment.checks.properties import check_properties
from pipelines.deployment.checks.runs import check_runs
from pipelines.deployment.checks.verdict import Verdict
from pipelines.errors import first_line

TRAINING = "a training"

_Check = Callable[[CheckedBundle], "Verdict | Sequence[Verdict]"]
_TEXTS: Mapping[str, _Check] = {
    FILES: check_files,
    WEIGHTS: check_weights,
    SUMS: check_sums,
    SCHEMA: check_metadata,
    VERSION: check_version,
    "property ids": check_properties,
    LABEL_ANSWERS: check_label_answers,
    LABEL_TRAINS: check_label_trains,
    FEDERATED: check_federated,
}
"""What is checked by reading files alone, by what it is called where it stops."""

_NETWORKS: Mapping[str, _Check] = {NETWORK: check_network, EXPORT: check_export}


def check_bundle(bundle: CheckedBundle, trains: bool = False) -> Iterator[Verdict]:
    """Checks a bundle; each verdict is given as soon as it is known.

    Args:
        bundle: the bundle.
        trains: whether its training and its evaluation are run on made images, which takes
            minutes.
    """
    yield from check_texts(bundle)
    for title, check in _NETWORKS.items():
        yield from _guarded(title, check, bundle)
    answers, *trainings = _guarded("runs on made images", lambda b: check_runs(b, trains), bundle)
    yield answers
    if bundle.trains:
        yield from trainings
    else:
        yield Verdict(TRAINING, unchecked=f"it holds no {TRAIN}: it answers, and trains nothing")


def check_texts(bundle: CheckedBundle) -> Iterator[Verdict]:
    """Makes the checks that read files and build nothing.

    Args:
        bundle: the bundle.
    """
    of_training = (LABEL_TRAINS, FEDERATED, "property ids")
    for title, check in _TEXTS.items():
        for verdict in _guarded(title, check, bundle):
            if bundle.trains or not verdict.unchecked or title not in of_training:
                yield verdict


def _guarded(title: str, check: _Check, bundle: CheckedBundle) -> list[Verdict]:
    """Makes a check; whatever stops it is its problem, and the others are made all the same."""
    try:
        found = check(bundle)
    except Exception as error:  # a form of a file that nobody thought of is a finding
        reason = f"{type(error).__name__}: {first_line(error)}"
        return [Verdict(title, (f"it cannot be checked: some file has an odd form ({reason})",))]
    return [found] if isinstance(found, Verdict) else list(found)
