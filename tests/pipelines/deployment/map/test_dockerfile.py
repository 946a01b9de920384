from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from pipelines.deployment.map.context import PINS
from pipelines.deployment.map.dockerfile import TOOLS, TORCH, TORCHVISION, UV, dockerfile
from pipelines.deployment.map.manifest import ENVIRONMENT, HOLOSCAN, SDK


def test_every_file_that_is_copied_is_in_the_context() -> None:
    text = dockerfile('A "model"\nof mine', "1.0.0", "a-map:1.0.0")
    copied = re.findall(r"^COPY (\S+) (\S+)$", text, re.MULTILINE)
    assert [source for source, _ in copied] == [
        "pip/requirements.txt",
        "tools",
        "map/app.json",
        "map/pkg.json",
        "app.yaml",
        "docs",
        "models",
        "app",
    ]
    targets = set(dict(copied).values()) - {"/tmp/requirements.txt", "/var/holoscan/tools"}
    assert targets <= set(ENVIRONMENT.values())
    assert text.startswith('# A "model" of mine 1.0.0: ')
    assert "{" not in text and "USER 10001" in text


def test_the_versions_are_those_that_were_tested() -> None:
    pins = set(PINS.read_text(encoding="utf-8").splitlines())
    versions = {"torch": TORCH, "torchvision": TORCHVISION, "uv": UV}
    versions |= {"monai-deploy-app-sdk": SDK, "holoscan-cu13": HOLOSCAN}
    assert {f"{name}=={version}" for name, version in versions.items()} <= pins


def _run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    script = folder / "tools"
    export = folder / "export"
    script.write_text(TOOLS.replace("/var/run/holoscan/export", str(export)))
    environment = {**os.environ, **variables}
    return subprocess.run(
        ["sh", str(script), *words], capture_output=True, text=True, env=environment, check=False
    )


def test_the_tools_show_and_extract(tmp_path: Path) -> None:
    for name in ("app", "models", "docs"):
        (tmp_path / "image" / name).mkdir(parents=True)
        (tmp_path / "image" / name / "file").write_text(name)
    files = {}
    for variable, name in (("APP_MANIFEST", "app.json"), ("PKG_MANIFEST", "pkg.json"),
                           ("CONFIG", "app.yaml")):  # fmt: skip
        (tmp_path / "image" / name).write_text(name)
        files[f"HOLOSCAN_{variable}_PATH"] = str(tmp_path / "image" / name)
    folders = {
        "HOLOSCAN_APPLICATION": str(tmp_path / "image" / "app"),
        "HOLOSCAN_MODEL_PATH": str(tmp_path / "image" / "models"),
        "HOLOSCAN_DOCS_PATH": str(tmp_path / "image" / "docs"),
    }
    assert _run(tmp_path, "show", "app", **files).stdout == "app.json"
    assert _run(tmp_path, "show", **files).stdout == "app.jsonpkg.json"
    missing = _run(tmp_path, "extract", **files, **folders)
    assert missing.returncode == 2 and "mount a folder" in missing.stderr
    (tmp_path / "export").mkdir()
    assert _run(tmp_path, "extract", **files, **folders).returncode == 0
    found = sorted(str(p.relative_to(tmp_path / "export")) for p in tmp_path.glob("export/*/*"))
    assert found == [
        "app/file",
        "config/app.json",
        "config/app.yaml",
        "config/pkg.json",
        "docs/file",
        "models/file",
    ]


def test_a_single_mounted_folder_gets_only_its_part(tmp_path: Path) -> None:
    for name in ("app", "models", "docs"):
        (tmp_path / "image" / name).mkdir(parents=True)
        (tmp_path / "image" / name / "file").write_text(name)
    (tmp_path / "export" / "models").mkdir(parents=True)
    folders = {
        "HOLOSCAN_APPLICATION": str(tmp_path / "image" / "app"),
        "HOLOSCAN_MODEL_PATH": str(tmp_path / "image" / "models"),
        "HOLOSCAN_DOCS_PATH": str(tmp_path / "image" / "docs"),
    }
    names = ("APP_MANIFEST", "PKG_MANIFEST", "CONFIG")
    files = {f"HOLOSCAN_{name}_PATH": str(tmp_path / "none") for name in names}
    assert _run(tmp_path, "extract", **folders, **files).returncode == 0
    assert [p.name for p in (tmp_path / "export").iterdir()] == ["models"]
    assert (tmp_path / "export" / "models" / "file").is_file()
