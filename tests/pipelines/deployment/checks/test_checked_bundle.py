import shutil
import zipfile
from pathlib import Path

import pytest

from pipelines.deployment.checks.checked_bundle import checked_bundle
from pipelines.errors import InputError
from tests.pipelines.deployment.checks.made_bundle_folder import NAME, bundle_copy, found


def test_a_shipped_bundle_is_found_by_its_name_and_by_its_folder(tmp_path: Path) -> None:
    with checked_bundle(NAME) as shipped:
        assert (shipped.kind, shipped.name, shipped.weights) == ("shipped bundle", NAME, None)
        assert shipped.trains and shipped.has("LICENSE")
        assert found(shipped.folder).kind == "shipped bundle"
    assert found(bundle_copy(tmp_path)).kind == "bundle"


@pytest.mark.parametrize(
    ("file", "kind"),
    [("configs/package.json", "package"), ("config.json", "run"), ("model.pt", "ensemble")],
)
def test_the_kind_is_told_by_what_the_folder_holds(file: str, kind: str, tmp_path: Path) -> None:
    folder = bundle_copy(tmp_path)
    (folder / file).write_text("{}")
    assert found(folder).kind == kind


def test_the_weights_of_a_package_are_below_models(tmp_path: Path) -> None:
    folder = bundle_copy(tmp_path)
    (folder / "model.pt").touch()
    assert found(folder).weights == folder / "model.pt"
    (folder / "models").mkdir()
    (folder / "models" / "model.pt").touch()
    assert found(folder).weights == folder / "models" / "model.pt"


def test_a_zip_is_unpacked_for_as_long_as_it_is_used(tmp_path: Path) -> None:
    bundle_copy(tmp_path / "in")
    archive = shutil.make_archive(str(tmp_path / "package"), "zip", tmp_path / "in")
    with checked_bundle(archive) as bundle:
        assert bundle.folder.name == NAME and bundle.name == "package.zip"
        assert bundle.trains
    assert not bundle.folder.exists()


def test_what_is_no_bundle_is_named(tmp_path: Path) -> None:
    def refused(path: object) -> str:
        with pytest.raises(InputError) as caught, checked_bundle(str(path)):
            pass
        return str(caught.value)

    (tmp_path / "a.txt").write_text("x")
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as archive:
        archive.writestr("one.txt", "1")
        archive.writestr("two.txt", "2")
    (tmp_path / "crossval" / "ensemble" / "configs").mkdir(parents=True)
    (tmp_path / "crossval" / "ensemble" / "configs" / "inference.json").write_text("{}")
    assert "is not there; expected" in refused(tmp_path / "nothing")
    assert "breast_us_segmentation" in refused("breast_us_segmentatio")
    assert "neither a folder nor a zip" in refused(tmp_path / "a.txt")
    assert "holds 2 entries at its top" in refused(tmp_path / "flat.zip")
    assert "it has no folder configs" in refused(tmp_path)
    assert "crossval/ensemble" in refused(tmp_path / "crossval")
    assert "name the folder above it" in refused(tmp_path / "crossval" / "ensemble" / "configs")
