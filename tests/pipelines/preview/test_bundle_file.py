"""Bundles are found by name, by folder, by file and by run."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines.bundles import bundle_names, bundle_root
from pipelines.errors import InputError
from pipelines.preview.bundle_file import find_bundle

NAME = "breast_us_segmentation"


@pytest.mark.parametrize("name", bundle_names())
def test_every_bundle_that_ships_is_found_by_its_name(name: str) -> None:
    assert find_bundle(name) == (name, bundle_root(name) / "configs" / "train.json", ())


def test_a_copy_is_found_by_its_folder_and_its_file(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(bundle_root(NAME), copy)
    file = copy / "configs" / "train.json"
    assert find_bundle(str(copy)) == ("mine", file, ())
    assert find_bundle(str(file)) == ("mine", file, ())


def test_a_run_is_found_by_its_folder(tmp_path: Path) -> None:
    shutil.copy(bundle_root(NAME) / "configs" / "train.json", tmp_path / "config.json")
    assert find_bundle(str(tmp_path)) == (tmp_path.name, tmp_path / "config.json", ())


def test_an_unknown_bundle_is_answered_by_those_that_there_are(tmp_path: Path) -> None:
    for unknown in ("no_such_bundle", str(tmp_path)):
        with pytest.raises(InputError, match=NAME):
            find_bundle(unknown)
    with pytest.raises(InputError, match=f'did you mean "{NAME}"'):
        find_bundle(NAME.replace("_us_", "_"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "train.json"
    for content, expected in (("{", "as JSON"), ("[]", "no train"), (json.dumps({}), "no train")):
        file.write_text(content)
        with pytest.raises(InputError, match=expected):
            find_bundle(str(file))


def test_variants_are_found_by_name_and_by_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"epochs": 3}')
    found = find_bundle(NAME, ["seed_unet", str(mine)])
    assert found.name == f"{NAME} seed_unet mine"
    assert found.variants == (found.path.parent / "variants" / "seed_unet.json", mine)


def test_a_variant_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no variant 'sed_unet'; expected a file, or one of .*seed_"
    ):
        find_bundle(NAME, ["sed_unet"])
    file = tmp_path / "a.json"
    for content, expected in (("{", "as JSON"), ("[]", "holds no settings")):
        file.write_text(content)
        with pytest.raises(InputError, match=expected):
            find_bundle(NAME, [str(file)])
