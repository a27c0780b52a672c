#!/usr/bin/env bash
# The long suites: processes really killed, loads, simulations. Too long for every push.
# BAKEOFF_FAULTS=ci/FAULTS.md ci/slow.sh also writes the table of faults anew.
# For an hour of each, rather than minutes:
#   BAKEOFF_FAULT_MINUTES=60 make test JOBS=0 ARGS="-m slow tests/campaign/test_faults.py -k random"
#   BAKEOFF_FUZZ=20000 make test JOBS=0 ARGS="tests/test_fuzz.py --timeout=7200"
set -euo pipefail
cd "$(dirname "$0")/.."

make test JOBS=0 ARGS="-m slow --timeout=600 ${ARGS:-}"
# New input at each start, and much of it: what it finds becomes an example of its test.
BAKEOFF_FUZZ=${BAKEOFF_FUZZ:-2000} make test JOBS=0 ARGS="tests/test_fuzz.py --timeout=3600"
