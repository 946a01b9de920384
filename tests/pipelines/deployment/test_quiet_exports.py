"""Exports are quiet, errors are not, and everything is as before afterwards."""

from __future__ import annotations

import logging
import warnings

import pytest

from pipelines.deployment.quiet_exports import quiet_exports


def test_what_is_told_is_kept_and_what_is_wrong_is_raised(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = logging.root.manager.disable
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(ValueError, match="wrong"), quiet_exports():
            print("a step")
            logging.getLogger("monai").warning("grows old")
            warnings.warn("grows old", stacklevel=1)
            raise ValueError("wrong")
    assert (capsys.readouterr().out, caplog.text, seen) == ("", "", [])
    assert logging.root.manager.disable == before
