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
make test
