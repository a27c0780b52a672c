#!/usr/bin/env bash
# Lists the pinned packages that have newer versions: name, pinned, newest, and whether pyproject.toml names it or another
# package brings it. Changes nothing; `make constraints` pins the newest that fit together.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${BIN:-.venv/bin}/python

"$python" -m pip list --outdated --format=json --disable-pip-version-check \
    2> >(grep -v "^WARNING" >&2) | "$python" -c '
import json, re, sys, tomllib
from pathlib import Path

def plain(name):
    return re.sub("[-_.]+", "-", name).lower()

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
direct = {plain(re.match(r"[\w.-]+", one)[0]) for one in wanted}
for one in json.load(sys.stdin):
    name, kind = plain(one["name"]), "ours" if plain(one["name"]) in direct else "brought"
    print("{:32}{:20}{:20}{}".format(name, one["version"], one["latest_version"], kind))
'
