"""timm, also where torchvision's compiled operators cannot be loaded."""

from __future__ import annotations

import importlib
from types import ModuleType

from networks.torchvision_models import torchvision_models


def timm_models() -> ModuleType:
    """Gives the module ``timm``, which imports torchvision; see ``torchvision_models``.

    Raises:
        ImportError: timm or torchvision is not installed.
    """
    torchvision_models()
    return importlib.import_module("timm")
