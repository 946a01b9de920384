"""What a MONAI Application Package says of itself: ``app.json`` and ``pkg.json``.

As the packager of Holoscan (holoscan-cli 4.1) writes them, so that ``holoscan run`` and the
platforms that take such packages understand them.
"""

from __future__ import annotations

from typing import Any

API = "1.0.0"
"""Version of the format."""

SDK, HOLOSCAN = "4.0.0", "4.6.0"
"""Versions of the MONAI Deploy App SDK and of Holoscan that the application was tested with."""

INPUT, OUTPUT, WORK = "/var/holoscan/input", "/var/holoscan/output", "/var/holoscan"
APP, MODELS, DOCS = "/opt/holoscan/app", "/opt/holoscan/models", "/opt/holoscan/docs"
APP_MANIFEST, PACKAGE_MANIFEST = "/etc/holoscan/app.json", "/etc/holoscan/pkg.json"
CONFIG, LOGS = f"{WORK}/app.yaml", f"{WORK}/logs"

ENVIRONMENT = {
    "HOLOSCAN_APPLICATION": APP,
    "HOLOSCAN_INPUT_PATH": INPUT,
    "HOLOSCAN_OUTPUT_PATH": OUTPUT,
    "HOLOSCAN_WORKDIR": WORK,
    "HOLOSCAN_MODEL_PATH": MODELS,
    "HOLOSCAN_CONFIG_PATH": CONFIG,
    "HOLOSCAN_APP_MANIFEST_PATH": APP_MANIFEST,
    "HOLOSCAN_PKG_MANIFEST_PATH": PACKAGE_MANIFEST,
    "HOLOSCAN_DOCS_PATH": DOCS,
    "HOLOSCAN_LOGS_PATH": LOGS,
}
"""Where everything is in the container, by the variables of the format."""

RESOURCES = {"cpu": 2, "gpu": 0, "memory": "4Gi", "gpuMemory": "0Gi"}
"""What a container asks for. A GPU is used where there is one."""


def app_manifest(version: str) -> dict[str, Any]:
    """Gives ``app.json``: how the application is run.

    Args:
        version: of the model.
    """
    return {
        "apiVersion": API,
        "command": '["python3", "-m", "pipelines.deployment.app"]',
        "environment": ENVIRONMENT,
        "input": {"path": INPUT, "formats": ["dicom"]},
        "liveness": None,
        "output": {"path": OUTPUT, "formats": ["dicom", "json"]},
        "readiness": None,
        "sdk": "monai-deploy",
        "sdkVersion": SDK,
        "timeout": 0,
        "version": version,
        "workingDirectory": WORK,
    }


def package_manifest(name: str, version: str) -> dict[str, Any]:
    """Gives ``pkg.json``: what is in the package and what it needs.

    Args:
        name: of the model's folder.
        version: of the model.
    """
    return {
        "apiVersion": API,
        "applicationRoot": APP,
        "modelRoot": MODELS,
        "models": {name: f"{MODELS}/{name}"},
        "resources": RESOURCES,
        "version": version,
        "platformConfig": "x64-workstation",
    }
