import importlib
import sys
from collections.abc import Iterator

import pytest
import torch

from networks import torchvision_models as module
from networks.torchvision_models import torchvision_models


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """Puts the imported modules back: other tests hold the classes of the present ones."""
    before = {name: kept for name, kept in sys.modules.items() if name.startswith("torchvision")}
    yield
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    sys.modules.update(before)


def test_a_model_can_be_made_and_run() -> None:
    network = torchvision_models().mobilenet_v2(width_mult=0.35).eval()
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
    assert torchvision_models() is torchvision_models()


def test_operators_that_cannot_be_loaded_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, as_it_was: None
) -> None:
    real, calls = importlib.import_module, []

    def broken_once(name: str) -> object:
        calls.append(name)
        if len(calls) == 1:
            raise RuntimeError("operator torchvision::nms does not exist")
        return real(name)

    monkeypatch.setattr(module.importlib, "import_module", broken_once)
    assert hasattr(torchvision_models(), "resnet50") and len(calls) == 2


def test_another_failure_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise RuntimeError("the disk burns")

    monkeypatch.setattr(module.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="the disk burns"):
        torchvision_models()
