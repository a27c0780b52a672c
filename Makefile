# One environment, .venv, made on first use and updated when pyproject.toml or ci/constraints.txt change. What only
# developers need (tests, types, a server's database) is added by the first target that needs it: test, check, bench.
#
#   PYTHON   the Python it is made from, 3.11 or newer
#   TORCH    cuda: the build from PyPI, with CUDA; the default where nvidia-smi sees a GPU
#            cpu:  a CPU-only build where an index offers one, else PyPI's (with CUDA on Linux, about 3 GB; it runs on
#                  CPUs too). PyTorch publishes CPU builds on an index of its own: set PIP_EXTRA_INDEX_URL to it.
#   RESULTS  where campaigns are kept
#   ARGS     more arguments for pytest: make test ARGS="-k verdict"
#   JOBS     processes that run the tests: one per core, four at most; JOBS=0 runs them one after another

SHELL := /bin/bash
PYTHON ?= python3
TORCH ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo cuda || echo cpu)
RESULTS ?= results
JOBS ?= logical
PORT ?= 8050
MLFLOW_PORT ?= 5000
BIN := .venv/bin
READY := .venv/ready-$(TORCH)
DEVELOPER := .venv/developer-$(TORCH)

.DEFAULT_GOAL := help
.PHONY: help demo test check dashboard mlflow bench slow clean environment constraints outdated

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## Run the quick campaign with the dashboard beside it and print the verdicts
	@$(BIN)/bakeoff demo --results "$(RESULTS)"

test: $(DEVELOPER)  ## Run the tests
	@export CHROMIUM && CHROMIUM=$$(bash ci/chromium.sh) && \
		$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadfile $(ARGS)

check:  ## What CI runs: format, lint, types and the tests
	@bash ci/check.sh

slow:  ## The long suites: faults, load, simulations
	@bash ci/slow.sh

dashboard: $(READY)  ## Show the recorded campaigns
	@$(BIN)/bakeoff dashboard --results "$(RESULTS)" --port $(PORT)

mlflow: $(READY)  ## Show the recorded runs in MLflow
	@$(BIN)/bakeoff mlflow --results "$(RESULTS)" --port $(MLFLOW_PORT)

# A script ends with 2 where this machine lacks what it measures, such as a GPU.
bench: .venv/bench  ## Run the benchmarks in ci/bench
	@set -e; for script in ci/bench/*.py; do echo "== $$script"; $(BIN)/python "$$script" || [ $$? = 2 ]; done

clean:  ## Remove the environment and caches; results stay
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find tasks search suite dashboard tests ci -name __pycache__ -type d -prune -exec rm -rf {} +

environment: $(DEVELOPER)  ## Make .venv with all that developers need
	@:

constraints:  ## Resolve every dependency again and write ci/constraints.txt
	@PYTHON="$(PYTHON)" bash ci/constraints.sh

outdated: $(READY)  ## List the pinned packages that have newer versions
	@bash ci/outdated.sh

# An update undoes what later additions rest on, so that their targets bring them up to date as well.
FORGET = rm -f .venv/ready-* .venv/developer-* .venv/bench

$(READY): pyproject.toml ci/constraints.txt ci/environment.sh ci/uv_settings.py
	@PYTHON="$(PYTHON)" TORCH="$(TORCH)" bash ci/environment.sh
	@$(FORGET) && touch $@

$(DEVELOPER): pyproject.toml ci/constraints.txt ci/environment.sh ci/uv_settings.py
	@PYTHON="$(PYTHON)" TORCH="$(TORCH)" bash ci/environment.sh dev,server
	@$(FORGET) && touch $(READY) $@

.venv/bench: $(DEVELOPER) ci/bench/peers.txt
	@PYTHON="$(PYTHON)" TORCH="$(TORCH)" bash ci/environment.sh dev,server,bench
	@$(BIN)/python -m pip install -q -c ci/constraints.txt -r ci/bench/peers.txt || \
		echo "Peers of ci/bench/peers.txt could not be installed: their rows are left out."
	@touch $@
