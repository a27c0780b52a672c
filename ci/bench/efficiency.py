"""How much of two workers' time is training? A campaign against two plain processes
that train the same list.

The campaign is `bakeoff run`: it tunes with Optuna, runs on Ray, keeps its record,
publishes to MLflow and prints verdicts; the plain processes do nothing but train, half
of the list each. Whole commands are timed, start-up included, in turn, each campaign
into an empty folder. Prints two tables in Markdown: seconds, and where the CPU's
seconds went.

    python ci/bench/efficiency.py [--profile quick] [--repeats 3] [--blocks 5]

With --address the campaigns join a cluster that runs already (`ray start --head
--num-cpus 2`, then --address auto), as they do wherever many people share one;
otherwise each starts a Ray of its own.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
SECONDS_EACH = """  # 60 runs of about a second
name = "efficiency"
trials = 5
length_factor = 0.25
[tasks.deep_vs_wide]
arms = ["depth_2", "depth_3"]
levels = ["mnist1d_15k"]
"""

PLAIN = """
import pickle, sys, time
from suite.training.worker import run_job
jobs = pickle.load(open(sys.argv[1], "rb"))
print(time.time())
for job in jobs:
    run_job(job)
print(time.time())
"""


class Meter(threading.Thread):
    """Looks twice a second at what a command and the processes below it have used of
    the CPU.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.command = psutil.Process(pid)
        self.seen: list[tuple[float, dict[str, float]]] = []
        self._used: dict[
            tuple[int, float], tuple[str, float]
        ] = {}  # a process -> its part, its seconds

    def run(self) -> None:
        while (
            self.command.is_running()
            and self.command.status() != psutil.STATUS_ZOMBIE
        ):
            with suppress(psutil.Error):
                for process in [
                    self.command,
                    *self.command.children(recursive=True),
                ]:
                    self._take_interim_look(process)
            sums = dict.fromkeys(("driver", "Ray", "workers"), 0.0)
            for part, seconds in self._used.values():
                sums[part] += seconds
            self.seen.append((time.time(), sums))
            time.sleep(0.5)

    def _take_interim_look(self, process: psutil.Process) -> None:
        with suppress(psutil.Error):
            mine, module = process == self.command, " ".join(process.cmdline())
            agent = "Agent" in module
            part = (
                "driver"
                if mine
                else "workers"
                if module.startswith("ray::") and not agent
                else "Ray"
            )
            times = process.cpu_times()
            self._used[process.pid, process.create_time()] = (
                part,
                times.user + times.system,
            )

    def between(self, begin: float, end: float) -> dict[str, float]:
        """CPU seconds of each part from one moment to another."""
        first, last = (
            min(self.seen, key=lambda seen: abs(seen[0] - moment))[1]
            for moment in (begin, end)
        )
        return {part: last[part] - first[part] for part in last}


def campaign(
    profile: str, results: Path, options: list[str]
) -> tuple[float, dict[str, float], dict[str, float], Path]:
    """Wall seconds of a whole campaign and where they went, where the CPU's went, and
    its folder.
    """
    command = [
        sys.executable,
        "-m",
        "suite",
        "run",
        profile,
        "--results",
        str(results),
        *options,
    ]
    started = time.time()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    meter = Meter(process.pid)
    meter.start()
    if process.communicate()[1] and process.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {process.returncode}"
        )
    ended = time.time()
    meter.join()
    (folder,) = (path.parent for path in results.glob("*/campaign.json"))
    lines = [
        json.loads(text)
        for text in (folder / "runs.jsonl").read_text().splitlines()
    ]
    first, last = (
        min(line["started"] for line in lines),
        max(line["ended"] for line in lines),
    )
    busy = sum(line["ended"] - line["started"] for line in lines)
    parts = {
        "start-up": first - started,
        "between first and last run": last - first,
        "close-down": ended - last,
        "workers busy in between": busy / (2 * (last - first)),
        "runs": len(lines),
        "mean seconds": busy / len(lines),
    }
    spans = {
        "start-up": (started, first),
        "in between": (first, last),
        "close-down": (last, ended),
    }
    cpu = {
        f"{part}, {span}": seconds
        for span, times in spans.items()
        for part, seconds in meter.between(*times).items()
        if seconds > 0.05
    }
    return ended - started, parts, cpu, folder


def plain(jobs: list[object], folder: Path) -> tuple[float, float, float]:
    """Wall seconds of two processes that train half of the list each.

    In all; had both ended at the same moment, as no two halves do; and from first to
    last run.
    """
    started, processes = time.time(), []
    for half in (0, 1):
        path = folder / f"half-{half}.pickle"
        path.write_bytes(pickle.dumps(jobs[half::2]))
        command = [sys.executable, "-c", PLAIN, str(path)]
        processes.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=ENVIRONMENT,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    told = [process.communicate()[0].split() for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a plain process failed")
    spent = time.time() - started
    begun, ended = ([float(times[i]) for times in told] for i in (0, 1))
    return (
        spent,
        spent - (max(ended) - statistics.mean(ended)),
        max(ended) - min(begun),
    )


def jobs_of(folder: Path) -> list[object]:
    """The jobs of a finished campaign, as its driver made them."""
    from suite.campaign.cell import Cell
    from suite.planning.plan import Plan
    from suite.records.manifest import read_manifest
    from suite.training.job import Member

    plan = Plan(read_manifest(folder).profile)
    cells = {cell.place: Cell(plan, cell, "cpu") for cell in plan.cells}
    jobs: list[object] = []
    for text in (folder / "runs.jsonl").read_text().splitlines():
        line = json.loads(text)
        place = line["task"], line["level"], line["arm"], line["block"]
        member = Member(
            *(
                line[name]
                for name in (
                    "key",
                    "kind",
                    "block",
                    "number",
                    "params",
                    "seeds",
                )
            )
        )
        jobs.append(cells[place].job(member))
    return jobs


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument(
        "--profile",
        help="a built-in profile; otherwise runs of about a second",
    )
    options.add_argument(
        "--blocks", type=int, default=5, help="of these, 12 runs each"
    )
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--address", help="a running cluster with two CPUs")
    given = options.parse_args()
    how = ["--address", given.address] if given.address else ["--workers", "2"]
    how += [] if given.profile else ["--set", f"blocks={given.blocks}"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "efficiency.toml").write_text(SECONDS_EACH)
        profile = given.profile or str(folder / "efficiency.toml")
        if not given.profile:
            campaign(
                profile, folder / "warm-up", [*how, "--set", "blocks=1"]
            )  # caches of data and bytecode filled
        shown, used = [], []
        for repeat in range(given.repeats):
            ours, parts, cpu, done = campaign(
                profile, folder / str(repeat), how
            )
            peer, even, peer_training = plain(jobs_of(done), folder)
            shown.append(
                (
                    ours,
                    peer,
                    parts
                    | {
                        "the same, plain": peer_training,
                        "plain, ended at once": even,
                    },
                )
            )
            used.append(cpu)
    print(
        f"| run | campaign, s | two plain processes, s | ratio | {' | '.join(shown[0][2])} |"
    )
    print("|---" * (4 + len(shown[0][2])) + "|")
    for number, (ours, peer, parts) in enumerate(shown, start=1):
        rest = " | ".join(f"{value:.3g}" for value in parts.values())
        print(
            f"| {number} | {ours:.1f} | {peer:.1f} | {peer / ours:.3f} | {rest} |"
        )
    whole = statistics.median(peer / ours for ours, peer, _ in shown)
    loop = statistics.median(
        parts["the same, plain"] / parts["between first and last run"]
        for *_, parts in shown
    )
    even = statistics.median(
        parts["plain, ended at once"] / ours for ours, _, parts in shown
    )
    print(
        f"\nMedian ratio {whole:.3f} of whole commands ({even:.3f} had both plain processes ended at once), ",
        end="",
    )
    print(f"{loop:.3f} between first and last run\n")
    print("| CPU seconds of | median |\n|---|---|")
    for part in used[0]:
        print(
            f"| {part} | {statistics.median(cpu.get(part, 0.0) for cpu in used):.2f} |"
        )


if __name__ == "__main__":
    main()
