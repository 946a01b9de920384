"""Which library decodes compressed pixels."""

from __future__ import annotations

from pydicom.pixels import get_decoder
from pydicom.uid import AllTransferSyntaxes

_LAST = "gdcm"


def decode_as_in_training() -> None:
    """Leaves GDCM what no other library decodes, such as lossless JPEG.

    pydicom would ask it first where it is installed, and decoders of lossy JPEG round differently:
    a model should see the pixels that the usual environment, without GDCM, gives.
    """
    for syntax in (each for each in AllTransferSyntaxes if each.is_encapsulated):
        try:
            decoder = get_decoder(syntax)
        except NotImplementedError:
            continue
        if _LAST in decoder.available_plugins and len(decoder.available_plugins) > 1:
            decoder.remove_plugin(_LAST)
