"""MONAI's readers are made without a word about decoders."""

from __future__ import annotations

import logging
import warnings

import pytest

from pipelines.quiet_readers import quiet_readers


def test_only_that_one_message_is_kept_back(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("monai.data.nvimgcodec_pydicom_plugin")
    before = logger.level
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with quiet_readers():
            warnings.warn("NvImgCodecPydicomReader: none", stacklevel=1)
            warnings.warn("another", stacklevel=1)
            logger.warning("nvImageCodec is not available")
    assert [str(each.message) for each in told] == ["another"]
    assert caplog.records == [] and logger.level == before
