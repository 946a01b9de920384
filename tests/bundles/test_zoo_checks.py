"""What the Model Zoo's tests ask of a bundle holds for all that ship; see docs/check.md."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.bundles import bundle_names
from pipelines.deployment.checks.checked_bundle import checked_bundle
from pipelines.deployment.checks.files import check_files
from pipelines.deployment.checks.forms import (
    check_federated,
    check_label_answers,
    check_label_trains,
)
from pipelines.deployment.checks.metadata import check_metadata, check_version
from pipelines.deployment.checks.properties import check_properties
from pipelines.deployment.checks.run import check_bundle
from tests.bundles.made_bundle import BUNDLES, Bundle

ALL = pytest.mark.parametrize("name", bundle_names())


@ALL
def test_what_can_be_read_is_as_it_must_be(name: str) -> None:
    with checked_bundle(name) as bundle:
        verdicts = [
            *(check(bundle) for check in (check_files, check_metadata, check_version)),
            *check_properties(bundle),
            *(
                check(bundle)
                for check in (check_label_answers, check_label_trains, check_federated)
            ),
        ]
    assert {each.check: each.problems for each in verdicts if each.state != "ok"} == {}


@pytest.mark.slow
@ALL
def test_everything_is_run(name: str) -> None:
    with checked_bundle(name) as bundle:
        verdicts = list(check_bundle(bundle, trains=True))
    assert {each.check: each.problems for each in verdicts if each.problems} == {}
    unchecked = [each.check for each in verdicts if each.state != "ok"]
    assert unchecked == ["weights", "checksums", "an inference run on made images"]


@pytest.mark.slow
def test_a_run_is_checked_with_its_weights(trained: Callable[[Bundle], Path]) -> None:
    folder = trained(BUNDLES["bone_xray_classification"])
    with checked_bundle(str(folder)) as bundle:
        assert bundle.kind == "run"
        verdicts = list(check_bundle(bundle))
    assert {each.check: each.problems for each in verdicts if each.problems} == {}
    done = [each.check for each in verdicts if each.state == "ok"]
    assert done[-3:] == [
        "network against its metadata",
        "export as TorchScript",
        "an inference run on made images",
    ]
