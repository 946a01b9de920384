from pathlib import Path

from pipelines.bundles import bundle_root
from pipelines.training.code_digest import PACKAGES, bundle_files, code_files, digest_of


def test_every_file_of_ours_counts_and_a_change_shows(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package / "inner").mkdir(parents=True)
        (tmp_path / package / "inner" / "a.py").write_text("x = 1\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "b.py").write_text("x = 1\n")
    before = code_files(tmp_path)
    assert sorted(before) == [f"{package}/inner/a.py" for package in PACKAGES]
    (tmp_path / "networks" / "inner" / "a.py").write_text("x = 2\n")
    after = code_files(tmp_path)
    assert [name for name in after if after[name] != before[name]] == ["networks/inner/a.py"]
    assert digest_of(after) != digest_of(before)


def test_the_code_that_runs_is_hashed() -> None:
    found = code_files()
    assert {"pipelines/cli.py", "networks/head.py", "transforms/upright_reader.py"} <= set(found)


def test_a_name_counts_as_its_content_does() -> None:
    assert digest_of({"a.py": "1"}) != digest_of({"b.py": "1"})
    assert len(digest_of({})) == 64


def test_the_configurations_of_a_bundle_are_hashed() -> None:
    found = bundle_files(bundle_root("breast_us_segmentation"))
    assert {"configs/train.json", "configs/variants/joint.json"} <= set(found)
    assert "docs/README.md" not in found
