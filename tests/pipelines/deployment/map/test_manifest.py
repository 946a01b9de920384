from __future__ import annotations

import json

from pipelines.deployment.app.__main__ import _PLACES
from pipelines.deployment.map.manifest import ENVIRONMENT, app_manifest, package_manifest


def test_the_variables_are_those_that_the_application_reads() -> None:
    manifest = app_manifest("1.2.3")
    environment = manifest["environment"]
    assert {variable for _, variable, *_ in _PLACES.values()} <= set(environment)
    assert environment["HOLOSCAN_INPUT_PATH"] == manifest["input"]["path"]
    assert environment["HOLOSCAN_OUTPUT_PATH"] == manifest["output"]["path"]
    assert json.loads(manifest["command"]) == ["python3", "-m", "pipelines.deployment.app"]
    assert manifest["version"] == "1.2.3" and manifest["workingDirectory"] == "/var/holoscan"


def test_the_model_is_where_the_application_looks() -> None:
    manifest = package_manifest("tumour", "1.2.3")
    assert manifest["models"] == {"tumour": f"{ENVIRONMENT['HOLOSCAN_MODEL_PATH']}/tumour"}
    assert manifest["applicationRoot"] == ENVIRONMENT["HOLOSCAN_APPLICATION"]
    assert manifest["resources"]["gpu"] == 0
