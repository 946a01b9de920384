"""Free memory is what the system and a container's limit leave."""

from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.training import free_memory as module
from pipelines.training.free_memory import free_memory

GIGA = 2**30


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_this_machine_tells_a_plausible_number() -> None:
    assert 2**20 < free_memory("cpu") < 2**50


def test_available_memory_is_read(root: Path) -> None:
    write(root / "proc/meminfo", "MemTotal: 99 kB\nMemFree: 1 kB\nMemAvailable:   2048 kB\n")
    assert free_memory("cpu") == 2048 * 1024


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ],
)
def test_a_containers_limit_counts_where_it_is_less(root: Path, limit: str, used: str) -> None:
    write(root / "proc/meminfo", f"MemAvailable: {8 * GIGA // 1024} kB\n")
    write(root / "sys/fs/cgroup" / limit, f"{3 * GIGA}\n")
    write(root / "sys/fs/cgroup" / used, f"{GIGA}\n")
    assert free_memory("cpu") == 2 * GIGA
    write(root / "sys/fs/cgroup" / limit, "max\n")
    assert free_memory("cpu") == 8 * GIGA


def test_half_of_the_whole_counts_where_no_more_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(module.os, "sysconf_names", sizes, raising=False)
    monkeypatch.setattr(module.os, "sysconf", sizes.get, raising=False)
    assert free_memory("cpu") == 500 * 4096
    monkeypatch.setattr(module.os, "sysconf_names", {}, raising=False)
    with pytest.raises(InputError, match="give a number, such as --batch_size 16"):
        free_memory("cpu")
