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

.PHONY: help install demo test test-slow lint format ui clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo DATA=FOLDER EPOCHS=20   the main job on a raw BUSI folder"
	@echo "  make demo TORCH_BUILD=cpu|gpu     choose the PyTorch build (default: cpu without a GPU)"

install: $(VENV)/installed  ## make .venv and install med2d into it

# A CPU build where no NVIDIA driver answers: the CUDA one is larger by gigabytes. An index of the
# machine may offer it by its version; uv knows where PyTorch keeps it.
TORCH_BUILD ?= $(if $(shell command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null),gpu,cpu)

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Error: $$($(PYTHON) --version) is too old; med2d needs Python 3.11 or newer. Name one by make PYTHON=python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if [ "$(TORCH_BUILD)" = cpu ] && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
	  echo "installing the CPU build of PyTorch $(TORCH)"; \
	  $(BIN)/pip install -q "torch==$(TORCH)+cpu" 2>/dev/null || \
	  { $(BIN)/pip install -q uv && $(BIN)/uv pip install -q --python $(BIN)/python --torch-backend=cpu "torch==$(TORCH)"; } || \
	  echo "the CPU build cannot be had here; installing the usual one"; \
	fi
	$(BIN)/pip install -q -e '.[dev]' -c constraints.txt
	@touch $@

demo: install  ## the main job: convert, train, score (made images; or DATA=FOLDER EPOCHS=20)
	@mkdir -p $(OUT)
	$(if $(DATA),,$(BIN)/med2d phantom busi $(OUT)/raw --count $(COUNT) --seed 0 --size 300 --overwrite)
	$(BIN)/med2d convert busi "$(if $(DATA),$(DATA),$(OUT)/raw)" $(OUT)/dataset --task segmentation --overwrite
	$(RUN) $(BUNDLE)/configs/train.json --dataset_dir $(OUT)/dataset --output_dir $(OUT)/run \
	  --epochs $(EPOCHS) --overwrite true

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
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
