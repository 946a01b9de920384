# The two commands of the README, and what a developer needs. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TORCH  := 2.13.0

UI_PORT ?= 5000

# Processes of `make test`: one a core of the smallest machine it is meant for, each of them
# imports PyTorch and MONAI; a file's tests stay together, since they share what is trained once.
TEST_JOBS ?= 2

# The main job: DATA is a raw folder in the BUSI layout; without it, made images are used.
DATA   ?=
EPOCHS ?= $(if $(DATA),20,40)
COUNT  ?= 90
OUT    ?= runs/demo$(if $(DATA),-data)
BUNDLE := bundles/breast_us_segmentation
RUN    := $(BIN)/python -W ignore -m monai.bundle run --config_file

# MONAI Deploy has an environment of its own: beside its SDK a plain `import monai` loads Holoscan.
DEPLOY_VENV ?= .venv-deploy
DEPLOY_BIN  := $(DEPLOY_VENV)/bin
DEPLOY_PINS := pipelines/deployment/app/constraints.txt
DEPLOY_OUT  ?= runs/deploy-demo
# For deploy-demo: a package of `med2d package`, and a folder of DICOM files; without, both are made.
PACKAGE ?=
DICOM   ?=

.PHONY: help install deploy-install deploy-demo test-deploy demo test test-slow lint format ui clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo DATA=FOLDER EPOCHS=20   the main job on a raw BUSI folder"
	@echo "  make deploy-demo PACKAGE=FOLDER DICOM=FOLDER   the application on DICOM files"
	@echo "  make demo TORCH_BUILD=cpu|gpu     choose the PyTorch build (default: cpu without a GPU)"

install: $(VENV)/installed  ## make .venv and install med2d into it

# A CPU build where no NVIDIA driver answers: the CUDA one is larger by gigabytes. An index of the
# machine may offer it by its version; uv knows where PyTorch keeps it.
TORCH_BUILD ?= $(if $(shell command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null),gpu,cpu)
define torch
@if [ "$(TORCH_BUILD)" = cpu ] && ! $(1)/python -c 'import torch' 2>/dev/null; then \
  echo "installing the CPU build of PyTorch $(TORCH)"; \
  $(1)/pip install -q "torch==$(TORCH)+cpu" 2>/dev/null || \
  { $(1)/pip install -q uv && $(1)/uv pip install -q --python $(1)/python --torch-backend=cpu "torch==$(TORCH)"; } || \
  echo "the CPU build cannot be had here; installing the usual one"; \
fi
endef

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Error: $$($(PYTHON) --version) is too old; med2d needs Python 3.11 or newer. Name one by make PYTHON=python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(call torch,$(BIN))
	$(BIN)/pip install -q -e '.[dev]' -c constraints.txt
	@touch $@

demo: install  ## the main job: convert, train, score (made images; or DATA=FOLDER EPOCHS=20)
	@mkdir -p $(OUT)
	$(if $(DATA),,$(BIN)/med2d phantom busi $(OUT)/raw --count $(COUNT) --seed 0 --size 300 --overwrite)
	$(BIN)/med2d convert busi "$(if $(DATA),$(DATA),$(OUT)/raw)" $(OUT)/dataset --task segmentation --overwrite
	$(RUN) $(BUNDLE)/configs/train.json --dataset_dir $(OUT)/dataset --output_dir $(OUT)/run \
	  --epochs $(EPOCHS) --overwrite true

deploy-install: $(DEPLOY_VENV)/installed  ## make .venv-deploy, for the MONAI Deploy application

$(DEPLOY_VENV)/installed: setup.cfg pyproject.toml $(DEPLOY_PINS)
	test -x $(DEPLOY_BIN)/python || $(PYTHON) -m venv $(DEPLOY_VENV)
	$(call torch,$(DEPLOY_BIN))
	$(DEPLOY_BIN)/pip install -q -e '.[deploy]' pytest -c $(DEPLOY_PINS)
	@touch $@

deploy-demo: deploy-install  ## DICOM in, DICOM out: package a model and answer DICOM files by it
	@mkdir -p $(DEPLOY_OUT)
	$(if $(PACKAGE),,$(MAKE) $(DEPLOY_OUT)/package)
	$(if $(DICOM),,$(DEPLOY_BIN)/python -W ignore -m pipelines.deployment.made_study $(DEPLOY_OUT)/dicom --bad)
	rm -rf $(DEPLOY_OUT)/results
	$(DEPLOY_BIN)/python -W ignore -m pipelines.deployment.app \
	  -i "$(or $(DICOM),$(DEPLOY_OUT)/dicom)" -m "$(or $(PACKAGE),$(DEPLOY_OUT)/package)" -o $(DEPLOY_OUT)/results
	@ls $(DEPLOY_OUT)/results

$(DEPLOY_OUT)/package: | install
	$(BIN)/med2d phantom busi $(DEPLOY_OUT)/raw --count 30 --seed 0 --size 128 --overwrite
	$(BIN)/med2d convert busi $(DEPLOY_OUT)/raw $(DEPLOY_OUT)/dataset --task segmentation --overwrite
	$(RUN) bundles/breast_us_segmentation/configs/train.json --dataset_dir $(DEPLOY_OUT)/dataset \
	  --output_dir $(DEPLOY_OUT)/run --epochs 12 --overwrite true
	$(BIN)/med2d package $(DEPLOY_OUT)/run -o $(DEPLOY_OUT)/package --research --formats ts --overwrite

test-deploy: deploy-install  ## test the application with the SDK, in its own environment
	OMP_NUM_THREADS=1 $(DEPLOY_BIN)/python -m pytest tests/deploy tests/pipelines/deployment/app

test: install lint  ## check style and types, run the tests (under ten minutes)
	$(BIN)/python -m pytest -m "not slow" -n $(TEST_JOBS) --dist loadfile

test-slow: install  ## run the long tests
	$(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ui: install  ## open the MLflow UI on the runs of this folder
	@case "$${MLFLOW_TRACKING_URI:-}" in \
	http*) echo "the runs are on the server that MLFLOW_TRACKING_URI names: open it in a browser" ;; \
	*) echo "open http://127.0.0.1:$(UI_PORT) in a browser; Ctrl-C ends it"; \
	  MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true exec $(BIN)/mlflow ui \
	    --host 127.0.0.1 --port $(UI_PORT) --workers 1 \
	    --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///$(CURDIR)/mlflow.db}" ;; \
	esac

clean:  ## remove the environment and the caches (not the runs)
	rm -rf $(VENV) $(DEPLOY_VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
