"""Processes are joined where ``torchrun`` started them, and refused where it did not."""

import ignite.distributed as idist
import pytest
import torch

from pipelines.errors import InputError
from pipelines.training import processes


def test_a_run_without_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with pytest.raises(InputError, match="torchrun --nproc_per_node=2"):
        processes.start()
    assert not torch.distributed.is_initialized()


def test_a_process_of_torchrun_joins_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "LOCAL_WORLD_SIZE": 1}
    environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 0, "TORCHELASTIC_RUN_ID": "x"}
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    processes.start()
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
