from __future__ import annotations

from pipelines.training.run_id import is_run_id


def test_the_form_of_a_run_id() -> None:
    assert is_run_id("0123456789abcdef" * 2)
    assert not is_run_id("runs/unet") and not is_run_id("g" * 32)
