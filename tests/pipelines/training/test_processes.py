"""Processes are joined where ``torchrun`` started them, and refused where it did not."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import pytest
import torch

from pipelines.errors import InputError
from pipelines.training import processes
from pipelines.training.processes import check_alike, check_resumable, check_shared


def test_a_run_without_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with pytest.raises(InputError, match="torchrun --nproc_per_node=2"):
        processes.start()
    assert not torch.distributed.is_initialized()


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``torchrun`` tells a process that trains alone."""
    environment = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "LOCAL_WORLD_SIZE": 1}
    environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 0, "TORCHELASTIC_RUN_ID": "x"}
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize("job", [None, "4711"], ids=["alone", "in a job of SLURM"])
def test_a_process_of_torchrun_joins_and_leaves(
    job: str | None, launched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if job is not None:  # of its other variables torchrun's processes may have none
        monkeypatch.setenv("SLURM_JOB_ID", job)
    processes.start()
    assert os.environ.get("SLURM_JOB_ID") == job
    try:
        assert torch.distributed.is_initialized()
        assert idist.backend() == "gloo"
        processes.start()  # a second call joins nothing twice
    finally:
        processes.stop()
    assert not torch.distributed.is_initialized()
    assert idist.get_world_size() == 1


def test_rows_of_all_processes_are_joined_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.gathered([{"id": "a"}]) == [{"id": "a"}]

    def all_gather_object(parts: list, rows: list) -> None:
        parts[:] = [rows, [{"id": "b"}]]

    monkeypatch.setattr(idist, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_gather_object", all_gather_object)
    assert processes.gathered([{"id": "a"}]) == [{"id": "a"}, {"id": "b"}]


def test_the_sum_of_one_process_is_its_own() -> None:
    sums = torch.tensor([1.0, 2.0])
    assert processes.summed(sums).tolist() == [1.0, 2.0]
    assert sums.tolist() == [1.0, 2.0]


def test_more_processes_than_gpus_are_refused(
    launched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(
        InputError, match=r"4 processes .* 2 GPUs; .*--nproc_per_node=2 .*_DEVICES="
    ):
        processes.start()
    assert not torch.distributed.is_initialized()


Others = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[[Others], None]:
    """Lets this be the first of two processes; the other's row is made of this one's."""

    def with_other(other: Others) -> None:
        def all_gather_object(parts: list, rows: list) -> None:
            parts[:] = [rows, [other(row) for row in rows]]

        monkeypatch.setattr(idist, "get_world_size", lambda: 2)
        monkeypatch.setattr(torch.distributed, "all_gather_object", all_gather_object)

    return with_other


def test_processes_that_were_started_alike_go_on(beside: Callable[[Others], None]) -> None:
    beside(lambda row: {**row, "machine": "gpu02"})
    check_alike({"epochs": 3, "network_def": {"_target_": "UNet"}, "dtype": torch.float32})


@pytest.mark.parametrize(
    ("its", "told"),
    [
        ({"epochs": "5"}, r"epochs is 3 in process 0 .* and 5 in process 1 \(on gpu02\)"),
        ({}, "epochs is 3 in process 0 .* and missing in process 1"),
        ({"epochs": "3", "loss": "x" * 99}, "loss is missing in process 0 .* and x{59}… in"),
    ],
)
def test_what_was_started_otherwise_is_named(
    its: dict[str, str], told: str, beside: Callable[[Others], None]
) -> None:
    beside(lambda row: {"machine": "gpu02", "settings": its})
    with pytest.raises(InputError, match=told):
        check_alike({"epochs": 3})


@pytest.mark.parametrize("content", [None, "other"])
def test_a_machine_that_does_not_see_the_run_is_named(
    content: str | None, beside: Callable[[Others], None], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    beside(lambda row: {"machine": "gpu02", "content": content})
    with pytest.raises(InputError, match=f"gpu02 does not see what .* has written .*{tmp_path}"):
        check_shared(tmp_path / "config.json")
    beside(lambda row: row)
    check_shared(tmp_path / "config.json")


def test_one_process_is_alike_and_sees_its_files(tmp_path: Path) -> None:
    check_alike({"epochs": 3})
    check_shared(tmp_path / "none")


def test_another_number_of_processes_does_not_go_on(
    beside: Callable[[Others], None], tmp_path: Path
) -> None:
    check_resumable({}, tmp_path)
    with pytest.raises(
        InputError, match=r"by 4 processes and cannot .* 1 process: .*4 processes in"
    ):
        check_resumable({"processes": 4}, tmp_path)
    beside(lambda row: row)
    check_resumable({"processes": 2}, tmp_path)
    with pytest.raises(InputError, match=r"by 1 process and .* 2 processes: start it .* by python"):
        check_resumable({"processes": 1}, tmp_path)
