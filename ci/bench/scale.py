"""What campaigns of many runs cost their driver: CPU and memory, MLflow's share,
and the time to resume.

    python ci/bench/scale.py [--sizes 1000 3000 10000] [--alone 100000] [--workers 1000]
    # large sizes: hours

The runs are no-ops that come back at once, so that everything measured is
overhead: asking Optuna, the record (fsynced, a line a run), the cells' files and
studies, and MLflow in its SQLite store. What counts is CPU time, which other work on
the machine hardly changes. Each size runs in a process of its own, into an empty
folder, and again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "suite" / "cli" / "templates" / "models.py"
sys.path.insert(
    0, str(ROOT)
)  # started as a file: the packages are two folders up

import tasks  # noqa: E402
from suite.campaign.driver import Driver  # noqa: E402
from suite.cluster.protocol import JobOutcome  # noqa: E402
from suite.cluster.serial import SerialExecutor  # noqa: E402
from suite.planning.plan import Plan  # noqa: E402
from suite.planning.profile import Profile  # noqa: E402
from suite.records.journal import FILE  # noqa: E402
from suite.tracking.publisher import Publisher  # noqa: E402
from suite.tracking.sqlite import default_uri  # noqa: E402
from suite.training.job import Result, digest  # noqa: E402

TRIALS, FINALS, EVALUATIONS = (
    16,
    3,
    20,
)  # of a cell in `standard`, and of a run


class Instant(SerialExecutor):
    """Executor that have finished whatever they are given, with made-up scores."""

    def wait(self, seconds: float) -> list[JobOutcome]:
        jobs, self._jobs = self._jobs, []
        self.trained += len(jobs)
        now = time.time()
        done = []
        for job in jobs:
            (member,) = job.members
            score = int(digest([member.key])[:8], 16) / 16**8
            curve: list[dict[str, float | None]] = [
                {
                    "step": 10 * i,
                    "epoch": i,
                    "seconds": i / 1e6,
                    "validation.accuracy": score,
                    "validation.loss": 1.0,
                }
                for i in range(EVALUATIONS)
            ]
            metrics = {
                "validation.accuracy": score,
                "validation.loss": 1.0,
                "seconds": 2e-5,
                "steps": 190.0,
            }
            if member.kind != "trial":
                metrics |= {"test.accuracy": score, "test.loss": 1.0}
            result = Result(
                member.key,
                "finished",
                metrics,
                curve,
                190,
                "none",
                1,
                started=now,
                ended=now,
            )
            done.append(JobOutcome(job, [result]))
        return done


def plan_of(runs: int) -> Plan:
    """A campaign of at least that many runs."""
    task = tasks.get("scale")
    cells_a_block = len(task.arms) * len(task.light)
    blocks = math.ceil(runs / (cells_a_block * (TRIALS + FINALS)))
    values = {
        "name": "scale",
        "blocks": blocks,
        "trials": TRIALS,
        "finals": FINALS,
        "tasks": {"scale": {}},
    }
    return Plan(Profile.model_validate(values))


def measure(
    folder: Path, runs: int, workers: int, with_mlflow: bool
) -> dict[str, float]:
    """Run or resume a campaign; returns the resources that this process used."""
    shutil.copy(TEMPLATE, folder / "scale.py")
    tasks.load_file(folder / "scale.py")
    plan, results = plan_of(runs), folder / "results"
    began, wall = time.process_time(), time.monotonic()
    publisher = (
        Publisher(default_uri(results), results, plan.id)
        if with_mlflow
        else None
    )
    tally = Driver(plan, results, Instant(workers), publisher).run()
    if publisher:
        publisher.close(7200)
        if publisher.error:
            raise SystemExit(f"MLflow: {publisher.error}")
    cpu = time.process_time() - began
    writer = publisher.seconds if publisher else 0.0
    return {
        "done": tally.done,
        "trained": tally.trained,
        "driver": cpu - writer,
        "writer": writer,
        "wall": time.monotonic() - wall,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "record": (results / plan.id / FILE).stat().st_size / 2**20,
    }


def measured(
    folder: Path, runs: int, workers: int, with_mlflow: bool
) -> dict[str, float]:
    """The same, in a process of its own."""
    given = json.dumps([str(folder), runs, workers, with_mlflow])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    told = subprocess.run(
        [sys.executable, __file__, "--one", given],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[300, 1000], help="with MLflow"
    )
    parser.add_argument(
        "--alone", type=int, nargs="*", default=[1000, 3000], help="without"
    )
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        folder, *rest = json.loads(given.one)
        print(json.dumps(measure(Path(folder), *rest)))
        return
    print(
        "| runs | MLflow | driver, CPU ms a run | MLflow's writer, CPU ms | peak memory, MB | record, MB "
        "| resuming: CPU s in all | of it MLflow's |"
    )
    print("|---" * 8 + "|")
    for runs, with_mlflow in [
        *((n, True) for n in given.sizes),
        *((n, False) for n in given.alone),
    ]:
        with tempfile.TemporaryDirectory() as scratch:
            first = measured(Path(scratch), runs, given.workers, with_mlflow)
            again = measured(Path(scratch), runs, given.workers, with_mlflow)
        if again["trained"] or first["trained"] != first["done"]:
            raise SystemExit("something was trained twice, or not at all")
        count = first["trained"]
        each = (
            f"{1000 * first[part] / count:.2f}"
            for part in ("driver", "writer")
        )
        numbers = [
            f"{count:,.0f}",
            "yes" if with_mlflow else "no",
            *each,
            f"{first['memory']:.0f}",
        ]
        numbers += [
            f"{first['record']:.0f}",
            f"{again['driver'] + again['writer']:.1f}",
            f"{again['writer']:.1f}",
        ]
        print(f"| {' | '.join(numbers)} |", flush=True)


if __name__ == "__main__":
    main()
