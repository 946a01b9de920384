from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment.checks.metadata import check_metadata, check_version
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found

FILE = "configs/metadata.json"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


def test_everything_that_breaks_a_rule_is_named(bundle: Path) -> None:
    assert check_metadata(found(bundle)).state == "ok"

    def spoil(content: dict[str, Any]) -> None:
        del content["authors"], content["task"]
        content["version"] = "one"
        content["network_data_format"]["inputs"]["image"]["num_channels"] = "1"
        del content["network_data_format"]["outputs"]["pred"]["dtype"]

    change(bundle, FILE, spoil)
    problems = "\n".join(check_metadata(found(bundle)).problems)
    assert len(problems.splitlines()) == 5
    for name in ("'authors'", "'task'", "version: 'one'", "image.num_channels: '1'", "'dtype'"):
        assert name in problems


def test_the_changelog_must_tell_of_the_version(bundle: Path) -> None:
    assert check_version(found(bundle)).remark == "0.1.0"
    change(bundle, FILE, lambda content: content.update(version="0.2.0"))
    assert check_version(found(bundle)).problems == (
        "the changelog does not tell of version 0.2.0",
    )
    change(bundle, FILE, lambda content: (content.pop("version"), content.pop("changelog")))
    assert check_version(found(bundle)).problems == ("version is missing", "changelog is missing")


@pytest.mark.parametrize(("text", "said"), [("{", "cannot be read"), ("[]", "no JSON object")])
def test_a_file_that_is_no_metadata_is_named(bundle: Path, text: str, said: str) -> None:
    (bundle / FILE).write_text(text)
    for check in (check_metadata, check_version):
        assert said in check(found(bundle)).problems[0]
