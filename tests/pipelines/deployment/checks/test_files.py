from pathlib import Path

import pytest

from pipelines.deployment.checks.files import check_files, check_sums, check_weights
from pipelines.deployment.packaging.checksums import write_checksums
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


def test_every_file_that_is_missing_or_broken_is_named(bundle: Path) -> None:
    assert check_files(found(bundle)).state == "ok"
    (bundle / "LICENSE").unlink()
    (bundle / "docs" / "README.md").unlink()
    (bundle / "configs" / "variants" / "focal.json").write_text("[1]")
    (bundle / "configs" / "evaluate.json").write_text("{")
    problems = check_files(found(bundle)).problems
    assert problems[:2] == ("LICENSE is missing", "docs/README.md is missing")
    assert problems[2].startswith("configs/evaluate.json cannot be read as JSON")
    assert problems[3] == "configs/variants/focal.json holds no JSON object"


def test_a_run_needs_no_licence_of_its_own(bundle: Path) -> None:
    (bundle / "LICENSE").unlink()
    (bundle / "config.json").write_text("{}")
    verdict = check_files(found(bundle))
    assert verdict.state == "ok" and "without LICENSE" in verdict.remark


def test_weights_are_there_or_fetched_or_missing(bundle: Path) -> None:
    assert "a recipe without weights" in check_weights(found(bundle)).unchecked
    listed = bundle / "large_files.yml"
    listed.write_text("large_files:\n- path: models/model.pt\n  url: https://example.org/m.pt\n")
    assert "fetches them from https://example.org" in check_weights(found(bundle)).unchecked
    listed.write_text("large_files:\n- path: models/model.ts\n  url: https://example.org/m.ts\n")
    assert "does not name it" in check_weights(found(bundle)).problems[0]
    listed.write_text("large_files: 3\n")
    assert "cannot be used" in check_weights(found(bundle)).problems[0]
    listed.unlink()
    (bundle / "configs" / "package.json").write_text("{}")
    assert "models/model.pt is missing" in check_weights(found(bundle)).problems[0]
    (bundle / "model.pt").touch()
    assert "med2d package puts it" in check_weights(found(bundle)).remark
    (bundle / "models").mkdir()
    (bundle / "models" / "model.pt").touch()
    assert check_weights(found(bundle)) == ("weights", (), "", "")


def test_every_file_that_changed_since_it_was_packaged_is_named(bundle: Path) -> None:
    assert check_sums(found(bundle)).unchecked == "only a package has them"
    (bundle / "configs" / "package.json").write_text("{}")
    assert check_sums(found(bundle)).problems == ("SHA256SUMS is missing",)
    write_checksums(bundle)
    (bundle / "networks" / "__pycache__").mkdir(parents=True)
    (bundle / "networks" / "__pycache__" / "head.pyc").touch()
    assert check_sums(found(bundle)).state == "ok"
    (bundle / "LICENSE").unlink()
    (bundle / "configs" / "train.json").write_text("{}")
    first, second = check_sums(found(bundle)).problems
    assert first.startswith("LICENSE is missing")
    assert second.startswith("configs/train.json is not what")


def test_a_file_that_no_list_names_is_named(bundle: Path) -> None:
    write_checksums(bundle)
    (bundle / "networks").mkdir()
    (bundle / "networks" / "more.py").touch()
    (problem,) = check_sums(found(bundle)).problems
    assert problem.startswith("networks/more.py is not in SHA256SUMS")


@pytest.mark.parametrize(("content", "said"), [(b"", "is empty"), (b"\xff\xfe\x00", "as text")])
def test_a_list_that_names_nothing_is_a_problem(bundle: Path, content: bytes, said: str) -> None:
    (bundle / "SHA256SUMS").write_bytes(content)
    (problem,) = check_sums(found(bundle)).problems
    assert said in problem
