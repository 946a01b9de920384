from __future__ import annotations

import os

from pipelines.deployment.app.printable import printable


def test_every_name_can_be_written_as_utf8() -> None:
    assert printable("Müller.dcm") == "Müller.dcm"
    assert printable(os.fsdecode(b"M\xfcller.dcm")).encode() == rb"M\xfcller.dcm"
