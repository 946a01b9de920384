import json
from pathlib import Path

from click.testing import CliRunner

from pipelines.cli import main
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy


def test_the_verdict_is_told_in_words_and_by_the_exit_code(tmp_path: Path) -> None:
    bundle = bundle_copy(tmp_path)
    result = CliRunner().invoke(main, ["check", str(bundle)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"bundle {bundle}"
    assert "ok           the files of a bundle" in lines
    assert lines[-1] == "12 ok, 0 problem, 6 not checked"


def test_problems_end_with_code_1(tmp_path: Path) -> None:
    bundle = bundle_copy(tmp_path)
    (bundle / "LICENSE").unlink()
    (bundle / "configs" / "inference.json").write_text("{}")
    result = CliRunner().invoke(main, ["check", str(bundle), "--json"])
    assert result.exit_code == 1
    content = json.loads(result.output)
    assert content["kind"] == "bundle" and content["counts"]["problem"] == 5
    assert content["checks"][0]["problems"] == ["LICENSE is missing"]


def test_what_is_no_bundle_ends_with_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(tmp_path / "nothing")])
    assert result.exit_code == 2 and "is not there; expected" in result.output
