"""The Dockerfile of a MONAI Application Package, and the script that its containers start with."""

from __future__ import annotations

import json

from pipelines.deployment.map.manifest import (
    APP,
    APP_MANIFEST,
    CONFIG,
    DOCS,
    ENVIRONMENT,
    HOLOSCAN,
    INPUT,
    LOGS,
    MODELS,
    OUTPUT,
    PACKAGE_MANIFEST,
    SDK,
    WORK,
)

TORCH, TORCHVISION, UV = "2.13.0", "0.28.0", "0.13.9"

_DOCKERFILE = """\
# {title} {version}: a MONAI Application Package. Research use only.
#   docker build -t {tag} .
# For GPUs: docker build --build-arg TORCH_BACKEND=cu130 -t {tag} .
FROM python:3.11-slim-bookworm
ARG TORCH_BACKEND=cpu
LABEL base="python:3.11-slim-bookworm" \\
      tag="{tag}" \\
      org.opencontainers.image.title={quoted} \\
      org.opencontainers.image.version="{version}" \\
      org.nvidia.holoscan="{holoscan}" \\
      org.monai.deploy.app-sdk="{sdk}"
{environment}
ENV PYTHONPATH={app} \\
    PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    PIP_NO_CACHE_DIR=1
COPY pip/requirements.txt /tmp/requirements.txt
RUN pip install "uv=={uv}" \\
 && uv pip install --system --no-cache --torch-backend="$TORCH_BACKEND" \\
    "torch=={torch}" "torchvision=={torchvision}" \\
 && uv pip install --system --no-cache -r /tmp/requirements.txt
RUN useradd --create-home --uid 10001 holoscan \\
 && mkdir -p {input} {output} {logs} \\
 && chown -R holoscan {work}
COPY tools {work}/tools
COPY map/app.json {app_manifest}
COPY map/pkg.json {package_manifest}
COPY app.yaml {config}
COPY docs {docs}
COPY models {models}
COPY app {app}
USER 10001
WORKDIR {work}
ENTRYPOINT ["sh", "{work}/tools"]
"""

TOOLS = """\
#!/bin/sh
# What a container of this package does: show, env, extract, or else run the application.
set -eu
EXPORT=/var/run/holoscan/export

copied() {  # copied NAME SOURCE…: into the folder of that name, if it or the whole is mounted
  name=$1
  shift
  if [ -d "$EXPORT/$name" ]; then target=$EXPORT/$name; else
    [ -z "$single" ] || return 0
    target=$EXPORT/$name
    mkdir -p "$target"
  fi
  cp -R "$@" "$target"
}

case "${1:-}" in
show)
  case "${2:-all}" in
  app) cat "$HOLOSCAN_APP_MANIFEST_PATH" ;;
  pkg) cat "$HOLOSCAN_PKG_MANIFEST_PATH" ;;
  *) cat "$HOLOSCAN_APP_MANIFEST_PATH" "$HOLOSCAN_PKG_MANIFEST_PATH" ;;
  esac ;;
env) env | sort ;;
extract)
  if [ ! -d "$EXPORT" ]; then
    echo "Error: mount a folder at $EXPORT, or at app, config, models or docs below it" >&2
    exit 2
  fi
  single=$(ls "$EXPORT")
  copied app "$HOLOSCAN_APPLICATION/."
  copied config "$HOLOSCAN_APP_MANIFEST_PATH" "$HOLOSCAN_PKG_MANIFEST_PATH" "$HOLOSCAN_CONFIG_PATH"
  copied models "$HOLOSCAN_MODEL_PATH/."
  copied docs "$HOLOSCAN_DOCS_PATH/." ;;
help) echo "tools show [app|pkg] | env | extract | help, or options of the application" ;;
*) exec python3 -m pipelines.deployment.app "$@" ;;
esac
"""
"""The commands that the format asks for, in the words of plain sh."""

IGNORED = """\
**/__pycache__
**/*.pyc
README.md
"""
"""``.dockerignore``."""


def dockerfile(title: str, version: str, tag: str) -> str:
    """Gives the Dockerfile.

    It runs on a CPU; with ``--build-arg TORCH_BACKEND=…`` on a GPU. It was modelled on what
    holoscan-cli 4.1 writes, without the CUDA base image, which a CPU has no use for.

    Args:
        title: the model's name.
        version: of the model.
        tag: of the image.
    """
    variables = " \\\n    ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    return _DOCKERFILE.format(
        title=" ".join(title.split()),
        quoted=json.dumps(title, ensure_ascii=False),
        version=version,
        tag=tag,
        environment=f"ENV {variables}",
        holoscan=HOLOSCAN,
        sdk=SDK,
        torch=TORCH,
        torchvision=TORCHVISION,
        uv=UV,
        app=APP,
        input=INPUT,
        output=OUTPUT,
        logs=LOGS,
        work=WORK,
        app_manifest=APP_MANIFEST,
        package_manifest=PACKAGE_MANIFEST,
        config=CONFIG,
        docs=DOCS,
        models=MODELS,
    )
