"""A whole comparison of 72 runs against the same with other tools, each on two workers.

The others are Ray Tune with OptunaSearch and MLflow's callback, with actors reused and
not, joblib with Optuna and MLflow, and Hydra's joblib launcher with MLflow and a grid:
ci/bench/plain/matrix.py and matrix_hydra.py. Hydra is left out where it is not
installed: `pip install -r ci/bench/peers.txt`. Whole commands are run in turn, start-up
included, each into an empty folder. Prints a table in Markdown: seconds, CPU seconds of
all processes, and ratios to Bakeoff's of the same round.

    python ci/bench/matrix.py [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from efficiency import Meter

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "ci" / "bench"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
PROFILE = """
name = "matrix"
blocks = 4
trials = 8
finals = 1
[tasks.matrix]
"""
OURS = "Bakeoff"
OTHERS = {
    "Ray Tune, OptunaSearch, MLflow": "ray_tune",
    "the same, actors reused": "ray_tune_reused",
    "joblib, Optuna, MLflow": "joblib",
}
HYDRA = "Hydra, joblib launcher, MLflow"


def command(name: str, folder: Path) -> list[str]:
    """What runs the comparison."""
    plain = BENCH / "plain"
    if name == HYDRA:
        return [sys.executable, str(plain / "matrix_hydra.py"), str(folder)]
    if name != OURS:
        script = str(plain / "matrix.py")
        return [sys.executable, script, OTHERS[name], str(folder)]
    profile = folder / "matrix.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    task = BENCH / "tasks" / "matrix.py"
    run = [sys.executable, "-m", "suite", "run", str(profile), "--workers=2"]
    return [*run, f"--task-file={task}", f"--results={folder / 'results'}"]


def timed(name: str) -> tuple[float, float]:
    """Seconds, and CPU seconds of the command and all processes below it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            command(name, Path(folder)),
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Ray ignores its children, so that the system does not add them up.
        meter = Meter(process.pid)
        meter.start()
        _, told = process.communicate()
        seconds = time.perf_counter() - began
        meter.join()
    if process.returncode:
        raise SystemExit(f"{name} failed:\n{told[-3000:]}")
    _, used = meter.seen[-1]
    return seconds, sum(used.values())


def spread(values: list[float]) -> str:
    """``3.1 (2.9 to 3.4)``: the median, the least and the most."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = [OURS, *OTHERS]
    if importlib.util.find_spec("hydra_plugins"):
        names.append(HYDRA)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            found[name].append(timed(name))
            print(name, found[name][-1], file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(found), encoding="utf-8")
    print("| | seconds | times ours | CPU seconds | times ours |")
    print("|---|--:|--:|--:|--:|")
    for name in names:
        pairs = list(zip(found[name], found[OURS], strict=True))
        columns = [
            spread([mine[0] for mine, _ in pairs]),
            spread([mine[0] / ours[0] for mine, ours in pairs]),
            spread([mine[1] for mine, _ in pairs]),
            spread([mine[1] / ours[1] for mine, ours in pairs]),
        ]
        print(f"| {name} | {' | '.join(columns)} |")


if __name__ == "__main__":
    main()
