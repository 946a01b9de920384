"""Libraries of a package, by the names under which they are installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from pipelines.deployment.packaging.required_packages import required_packages, requirements_text
from pipelines.errors import InputError


def test_they_are_named_as_they_are_installed_without_the_build() -> None:
    found = required_packages({"PIL", "ignite"}, {}, ["torchvision"])
    assert {"pillow", "pytorch-ignite", "torchvision", "torch", "monai", "numpy"} <= set(found)
    assert {"fire", "pyyaml"} <= set(found) and "timm" not in found
    assert found["torch"] == version("torch").partition("+")[0]
    assert f"pillow=={version('pillow')}\n" in requirements_text(found)


def test_a_library_that_few_networks_need_is_named_for_them_alone() -> None:
    assert "timm" not in required_packages({"timm"}, {"backbone": "torchvision.resnet50"})
    assert "timm" in required_packages({"timm"}, {"backbone": "timm.convnext_atto"})


def test_what_is_not_installed_is_named() -> None:
    with pytest.raises(InputError, match="no_such_library is imported and not installed"):
        required_packages({"no_such_library"}, {})
    with pytest.raises(InputError, match="no-such-name is needed"):
        required_packages((), {}, ["no-such-name"])
