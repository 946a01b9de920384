from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.deployment.app.model import SCRIPT
from pipelines.deployment.map import context as map_context
from pipelines.deployment.map.context import engine_problem, requirements, write_context
from pipelines.errors import InputError
from tests.pipelines.deployment.app.made_package import made_package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps") / "Breast (joint)"
    return made_package("breast_us_segmentation", folder)


@pytest.fixture(scope="module")
def context(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contexts") / "map"
    written = write_context(package, folder)
    assert written.command == f"docker build -t breast-joint-map:0.1.0 {folder}"
    return folder


def test_the_context_holds_what_the_dockerfile_copies(context: Path) -> None:
    lines = (context / "Dockerfile").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("COPY "):
            assert (context / line.split()[1]).exists(), line
    assert (context / "app" / "pipelines" / "deployment" / "app" / "__main__.py").is_file()
    assert (context / "app" / "pipelines" / "house_style.css").is_file()
    assert (context / "models" / "breast-joint" / "models" / "model.ts").is_file()
    assert not list(context.rglob("__pycache__"))
    assert json.loads((context / "map" / "app.json").read_text())["version"] == "0.1.0"
    manifest = json.loads((context / "map" / "pkg.json").read_text())
    assert list(manifest["models"]) == ["breast-joint"]
    settings = yaml.safe_load((context / "app.yaml").read_text())
    assert settings["application"]["title"] == "Breast ultrasound tumour segmentation"
    assert settings["resources"] == manifest["resources"]


def test_the_image_has_what_was_tested_but_for_what_it_chooses_itself() -> None:
    names = {line.partition("==")[0] for line in requirements().splitlines()}
    assert {"monai", "highdicom", "holoscan-cu13", "monai-deploy-app-sdk", "pydicom"} <= names
    assert not {"torch", "torchvision", "pytest", "uv", "med2d"} & names


def test_a_zip_is_unpacked(package: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "a"), "zip", package.parent, package.name)
    written = write_context(tmp_path / "a.zip", tmp_path / "map")
    assert written.tag == "breast-joint-map:0.1.0"
    assert (tmp_path / "map" / "models" / "breast-joint" / "models" / "model.ts").is_file()


def test_a_zip_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").touch()
    shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "in")
    with pytest.raises(InputError, match=r"a\.zip is no bundle; expected a package"):
        write_context(tmp_path / "a.zip", tmp_path / "map")


def test_a_damaged_zip_is_named_and_nothing_is_taken_in_its_place(
    package: Path, tmp_path: Path
) -> None:
    shutil.copytree(package, tmp_path / "tumour")
    (tmp_path / "tumour.zip").write_bytes(b"PK\x03\x04 and the rest is lost")
    with pytest.raises(InputError, match=r"tumour\.zip cannot be unpacked"):
        write_context(tmp_path / "tumour.zip", tmp_path / "map")


def test_a_context_in_what_it_copies_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "tumour"
    shutil.copytree(package, copy)
    monkeypatch.chdir(copy)
    before = sorted(copy.rglob("*"))
    for folder in ("map", "."):
        with pytest.raises(InputError) as caught:
            write_context(Path(), Path(folder))
        assert str(caught.value) == (
            f"{folder} is or lies in {copy}, which is copied into it; give a folder outside, such "
            f"as {copy}-map"
        )
    (room,) = map_context.pipelines.__path__
    with pytest.raises(InputError, match="which is copied into it"):
        write_context(Path(), Path(room, "map"))
    assert sorted(copy.rglob("*")) == before
    assert write_context(Path(), Path("../map")).tag == "tumour-map:0.1.0"


def test_only_a_context_is_replaced(package: Path, context: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds a build context already"):
        write_context(package, context)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"is not empty and holds no map/pkg.json"):
        write_context(package, tmp_path, overwrite=True)


def test_only_the_files_of_the_package_are_copied(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(package, folder)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "patient.png").write_bytes(b"png")
    write_context(folder / SCRIPT, tmp_path / "context")
    copied = tmp_path / "context" / "models" / "p"
    assert (copied / SCRIPT).is_file() and not (copied / "pictures").exists()
    with (folder / "models" / "model.pt").open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match=r"is not as it was packaged: models/model.pt is not what"):
        write_context(folder, tmp_path / "other")
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(InputError, match=r"SHA256SUMS does not name models/model.ts"):
        write_context(folder, tmp_path / "other")
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match=r"SHA256SUMS cannot be read"):
        write_context(folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_version_becomes_a_tag_that_docker_takes(tmp_path: Path) -> None:
    folder = made_package("breast_us_segmentation", tmp_path / "p", version="0.1.0+site a")
    assert write_context(folder, tmp_path / "context").tag == "p-map:0.1.0-site-a"


def test_a_run_without_torchscript_is_refused(tmp_path: Path) -> None:
    folder = made_package("breast_us_segmentation", tmp_path / "run", script=False)
    with pytest.raises(InputError, match=r"has no models/model.ts.*by med2d package"):
        write_context(folder, tmp_path / "map")
    assert not (tmp_path / "map").exists()


def test_an_engine_that_is_not_there_or_fails_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_context.shutil, "which", lambda name: None)
    assert engine_problem() == "docker is not installed"
    monkeypatch.setattr(map_context.shutil, "which", lambda name: "/bin/docker")
    for code, problem in ((0, None), (1, "no Docker engine answers (docker info fails)")):
        done = subprocess.CompletedProcess(["docker"], code, "", "")
        monkeypatch.setattr(map_context.subprocess, "run", lambda *_, done=done, **__: done)
        assert engine_problem() == problem

    def hangs(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("docker", 30)

    monkeypatch.setattr(map_context.subprocess, "run", hangs)
    assert "docker info does not answer" in str(engine_problem())


def test_the_command_takes_a_folder_of_any_name() -> None:
    context = map_context.Context(Path("a map"), "tag:1")
    assert context.command == "docker build -t tag:1 'a map'"
