from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.deployment.app.cuda_runtime import LIBRARY, load_cuda_runtime


def test_without_the_package_the_library_of_the_system_is_taken(tmp_path: Path) -> None:
    assert load_cuda_runtime([str(tmp_path)]) is None


def test_the_library_of_the_package_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "nvidia" / "cu13" / "lib" / LIBRARY
    file.parent.mkdir(parents=True)
    file.touch()
    loaded: list[str] = []
    monkeypatch.setattr("ctypes.CDLL", lambda name, mode: loaded.append(name))
    assert load_cuda_runtime([str(tmp_path / "none"), str(tmp_path)]) == file
    assert loaded == [str(file)]
