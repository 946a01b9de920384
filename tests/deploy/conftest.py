"""Tests of the application with the MONAI Deploy App SDK: ``make test-deploy`` runs them."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("holoscan") is None:
    collect_ignore_glob = ["*"]
else:
    from tests.pipelines.deployment.app.conftest import package, study

    __all__ = ["package", "study"]
