"""How much of two workers' time is training? A campaign against two plain processes that train the same list.

The campaign is `bakeoff run`: it tunes with Optuna, runs on Ray, keeps its record, publishes to MLflow and prints
verdicts; the plain processes do nothing but train, half of the list each. Whole commands are timed, start-up included,
in turn, each campaign into an empty folder. Prints a table in Markdown.

    python ci/bench/efficiency.py [--profile quick] [--repeats 3]

With --address the campaigns join a cluster that runs already (`ray start --head --num-cpus 2`, then --address auto),
as they do wherever many people share one; otherwise each starts a Ray of its own.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
SECONDS_EACH = """  # 60 trainings of about a second
name = "efficiency"
blocks = 5
trials = 5
[tasks.deep_vs_wide]
arms = ["depth_2", "depth_4"]
levels = ["mnist1d_15k"]
"""

PLAIN = """
import pickle, sys, time
from suite.worker import run_job
jobs = pickle.load(open(sys.argv[1], "rb"))
print(time.time())
for job in jobs:
    run_job(job)
print(time.time())
"""


def campaign(profile: str, results: Path, cluster: list[str]) -> tuple[float, dict[str, float], Path]:
    """Wall seconds of a whole campaign and where they went."""
    command = [sys.executable, "-m", "suite", "run", profile, "--results", str(results), *cluster]
    started = time.time()
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True)
    ended = time.time()
    (folder,) = (path.parent for path in results.glob("*/campaign.json"))
    lines = [json.loads(text) for text in (folder / "trainings.jsonl").read_text().splitlines()]
    first, last = min(line["started"] for line in lines), max(line["ended"] for line in lines)
    busy = sum(line["ended"] - line["started"] for line in lines)
    parts = {
        "start-up": first - started,
        "between first and last training": last - first,
        "close-down": ended - last,
        "workers busy in between": busy / (2 * (last - first)),
        "trainings": len(lines),
        "mean seconds": busy / len(lines),
    }
    return ended - started, parts, folder


def plain(jobs: list[object], folder: Path) -> tuple[float, float]:
    """Wall seconds of two processes that train half of the list each: in all, and from first to last training."""
    started, processes = time.time(), []
    for half in (0, 1):
        path = folder / f"half-{half}.pickle"
        path.write_bytes(pickle.dumps(jobs[half::2]))
        command = [sys.executable, "-c", PLAIN, str(path)]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True))
    told = [process.communicate()[0].split() for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a plain process failed")
    begun, ended = (choose(float(times[i]) for times in told) for i, choose in ((0, min), (1, max)))
    return time.time() - started, ended - begun


def jobs_of(folder: Path) -> list[object]:
    """The jobs of a finished campaign, as its driver made them."""
    from suite.cell import Cell
    from suite.job import Member
    from suite.plan import Plan
    from suite.profile import profile_from

    plan = Plan(profile_from(json.loads((folder / "campaign.json").read_text())["profile"]))
    cells = {cell.place: Cell(plan, cell, "cpu") for cell in plan.cells}
    jobs: list[object] = []
    for text in (folder / "trainings.jsonl").read_text().splitlines():
        line = json.loads(text)
        place = line["task"], line["level"], line["arm"], line["block"]
        member = Member(*(line[name] for name in ("key", "kind", "block", "number", "settings", "seeds")))
        jobs.append(cells[place].job(member))
    return jobs


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--profile", help="a built-in profile; otherwise 60 trainings of about a second")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--address", help="a running cluster with two CPUs")
    given = options.parse_args()
    cluster = ["--address", given.address] if given.address else ["--workers", "2"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "efficiency.toml").write_text(SECONDS_EACH)
        profile = given.profile or str(folder / "efficiency.toml")
        _, _, done = campaign(profile, folder / "warm-up", cluster)  # caches of data and bytecode filled
        jobs = jobs_of(done)
        shown = []
        for repeat in range(given.repeats):
            ours, parts, _ = campaign(profile, folder / str(repeat), cluster)
            peer, peer_training = plain(jobs, folder)
            parts["the same, plain"] = peer_training
            shown.append((ours, peer, parts))
    print(f"| run | campaign, s | two plain processes, s | ratio | {' | '.join(shown[0][2])} |")
    print("|---" * (4 + len(shown[0][2])) + "|")
    for number, (ours, peer, parts) in enumerate(shown, start=1):
        rest = " | ".join(f"{value:.3g}" for value in parts.values())
        print(f"| {number} | {ours:.1f} | {peer:.1f} | {peer / ours:.3f} | {rest} |")
    whole = statistics.median(peer / ours for ours, peer, _ in shown)
    loop = statistics.median(parts["the same, plain"] / parts["between first and last training"] for *_, parts in shown)
    print(f"\nMedian ratio {whole:.3f} of whole commands, {loop:.3f} between first and last training")


if __name__ == "__main__":
    main()
