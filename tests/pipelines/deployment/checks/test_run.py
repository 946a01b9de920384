from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment.checks import run
from pipelines.deployment.checks.checked_bundle import CheckedBundle
from pipelines.deployment.checks.run import check_bundle, check_texts
from pipelines.deployment.checks.verdict import Verdict
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found


def test_all_checks_are_made_and_all_problems_told(tmp_path: Path) -> None:
    bundle = bundle_copy(tmp_path)
    verdicts = list(check_bundle(found(bundle)))
    states = [verdict.state for verdict in verdicts]
    assert (states.count("ok"), states.count("problem")) == (12, 0)
    assert len({verdict.check for verdict in verdicts}) == len(verdicts)
    (bundle / "LICENSE").unlink()
    (bundle / "configs" / "inference.json").write_text("{}")
    spoilt = {verdict.check for verdict in check_bundle(found(bundle)) if verdict.problems}
    assert spoilt == {
        "the files of a bundle",
        "property ids of inference.json",
        "what MONAI Label reads to answer images",
        "network against its metadata",
        "export as TorchScript",
    }


def test_of_a_bundle_that_only_answers_the_training_is_told_once(tmp_path: Path) -> None:
    bundle = bundle_copy(tmp_path)
    for path in (bundle / "configs").glob("*train.json"):
        path.unlink()
    unchecked = [v.check for v in check_bundle(found(bundle)) if v.state == "not checked"]
    assert unchecked == ["checksums", "an inference run on made images", "a training"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"network_data_format": None}, "network_data_format is None; expected an object"),
        ({"network_data_format": []}, "network_data_format is []; expected an object"),
        ({"network_data_format": {"inputs": None}}, "inputs is None; expected image"),
        ({"version": []}, "the changelog does not tell of version []"),
    ],
)
def test_odd_metadata_stop_no_check(value: dict[str, Any], said: str, tmp_path: Path) -> None:
    bundle = bundle_copy(tmp_path)
    checks = [verdict.check for verdict in check_texts(found(bundle))]
    change(bundle, "configs/metadata.json", lambda content: content.update(value))
    verdicts = list(check_texts(found(bundle)))
    assert [verdict.check for verdict in verdicts] == checks
    assert said in "\n".join(problem for each in verdicts for problem in each.problems)


def test_a_check_that_stops_is_a_problem_and_the_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_copy(tmp_path)

    def stops(bundle: CheckedBundle) -> Verdict:
        raise TypeError("unhashable")

    monkeypatch.setitem(run._TEXTS, "weights", stops)  # type: ignore[arg-type]
    verdicts = {verdict.check: verdict for verdict in check_texts(found(bundle))}
    assert verdicts["weights"].problems == (
        "it cannot be checked: some file has an odd form (TypeError: unhashable)",
    )
    assert verdicts["the files of a bundle"].state == "ok" and len(verdicts) == 12
