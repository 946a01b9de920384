import platform

import pytest
import torch
from threadpoolctl import threadpool_info

from pipelines.training import machine_record as module
from pipelines.training.machine_record import (
    library_versions,
    machine_record,
    recorded_threads,
    usable_device,
)


def test_the_versions_are_those_of_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("torch", "no-such-library"))
    assert library_versions() == {"python": platform.python_version(), "torch": torch.__version__}


def test_the_machine_is_told_with_its_threads() -> None:
    record = machine_record("cpu")
    assert record["threads"] == torch.get_num_threads()
    assert record["device"] == "cpu" and record["cpu"] and record["instructions"]
    assert "gpu" not in record


def test_a_run_s_threads_are_taken_and_given_back() -> None:
    before = torch.get_num_threads()
    record = {**machine_record(), "threads": before + 1, "blas_threads": 1}
    with recorded_threads(record):
        assert torch.get_num_threads() == before + 1
        blas = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
        assert set(blas) <= {1}
    assert torch.get_num_threads() == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_here_is_the_cpu() -> None:
    assert usable_device("cuda:0") == "cpu"
    assert usable_device("cpu") == "cpu"
    assert machine_record("cuda:0")["device"] == "cuda:0"
