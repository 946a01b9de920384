from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.pixels import get_decoder
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1

from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.deployment.app.decoders import decode_as_in_training
from pipelines.deployment.made_study import IMAGES, breast, made_file


def test_gdcm_decodes_only_what_nothing_else_does() -> None:
    decode_as_in_training()
    assert get_decoder(JPEGBaseline8Bit).available_plugins == ("pillow",)
    assert "gdcm" not in get_decoder(JPEG2000Lossless).available_plugins
    decode_as_in_training()  # again is no error


def test_lossless_jpeg_is_decoded_where_gdcm_is(tmp_path: Path) -> None:
    gdcm = pytest.importorskip("gdcm", reason="needs the environment of make deploy-install")
    made_file(IMAGES[0], 1).save_as(tmp_path / "plain.dcm", enforce_file_format=True)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(tmp_path / "plain.dcm"))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(tmp_path / "jpeg.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    decode_as_in_training()
    assert get_decoder(JPEGLosslessSV1).available_plugins == ("gdcm",)
    np.testing.assert_array_equal(DicomFrame(tmp_path / "jpeg.dcm").read("jpeg").pixels, breast(1))
