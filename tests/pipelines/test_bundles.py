"""The shipped bundles are found from everywhere."""

from pathlib import Path

import pytest

from pipelines.bundles import bundle_names, bundle_root, metadata_schema
from pipelines.errors import InputError


def test_names_and_roots_do_not_depend_on_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = bundle_names()
    roots = [bundle_root(name) for name in names]
    assert "breast_us_segmentation" in names
    assert names == sorted(names)
    (tmp_path / "bundles" / "another" / "configs").mkdir(parents=True)
    (tmp_path / "bundles" / "another" / "configs" / "metadata.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert bundle_names() == names
    assert [bundle_root(name) for name in names] == roots
    for root in roots:
        assert root.is_absolute()
        assert (root / "configs" / "train.json").is_file()


def test_an_unknown_bundle_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no bundle 'bone'; expected one of .*breast_us"):
        bundle_root("bone")


def test_the_rules_of_metadata_are_a_schema() -> None:
    from jsonschema import Draft7Validator

    Draft7Validator.check_schema(metadata_schema())
    assert "network_data_format" in metadata_schema()["required"]
