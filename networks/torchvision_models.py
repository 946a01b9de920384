"""torchvision's models, also where its compiled operators cannot be loaded."""

from __future__ import annotations

import importlib
import sys
import types
from types import ModuleType

_OPERATORS = "torchvision::nms"
_REGISTRATIONS = "torchvision._meta_registrations"


def torchvision_models() -> ModuleType:
    """Gives the module ``torchvision.models``.

    A torchvision that was built for CUDA cannot load its operators beside a torch without CUDA,
    and its import stops there. No model needs those operators, so that the part which registers
    them is left out then, and only then.

    Returns:
        The module.

    Raises:
        ImportError: torchvision is not installed, or cannot be imported for another reason.
    """
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError as error:
        if _OPERATORS not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    sys.modules[_REGISTRATIONS] = types.ModuleType(_REGISTRATIONS)
    return importlib.import_module("torchvision.models")
