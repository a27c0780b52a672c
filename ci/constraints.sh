#!/usr/bin/env bash
# Resolves the project with all extras in a clean environment and pins what came: ci/constraints.txt
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "Resolving in a clean environment; some minutes ..."
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet -e '.[dev,server,bench]' uv # which ci/environment.sh brings
"$folder/bin/pip" check
{
    echo "# Every package of the environment, with all extras. \`make constraints\` writes this file; do not edit it."
    # +cpu and the like stay out, so that one file serves all builds of torch; so do CUDA's packages, which torch pins.
    "$folder/bin/pip" freeze --all --exclude-editable |
        sed 's/+.*//' | grep -v -i -E '^(pip|nvidia-.*|cuda-.*|triton)==' | LC_ALL=C sort -f
} > ci/constraints.txt
echo "ci/constraints.txt pins $(grep -c == ci/constraints.txt) packages."
