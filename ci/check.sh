#!/usr/bin/env bash
# What CI runs, and you before you push: format, lint, types, tests. The quickest to fail come first.
set -euo pipefail
cd "$(dirname "$0")/.."

make environment
echo "== ruff format"
.venv/bin/ruff format --check .
echo "== ruff check"
.venv/bin/ruff check .
echo "== mypy"
.venv/bin/mypy
echo "== pytest"
# Tests of real browsers and clusters meet a busy machine now and then. One that fails is run once more, and what passes
# only then is listed as RERUN in the summary: a race to mend.
make test ARGS="--reruns 1 -rR"
