"""What a GPU gains: everything that is to be known of one, in one call of at most ten
minutes.

    python ci/bench/gpu.py [--short] [--device cpu] [--json FILE]

Five parts: runs a second in stacks of 1 to 128, runs that share the GPU through Ray,
a run that wants more memory than there is, a few updates of full-size tasks, and one
campaign on the CPU and on the GPU, whose effects must agree within their intervals.
``--short --device cpu`` does a little of everything, for a machine without a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from interleaved import machine
from stacks import job_of

import tasks
from suite.campaign.notebook import run
from suite.cluster.choose import open_executor
from suite.cluster.protocol import Executor
from suite.training.job import Job
from suite.training.resources import Resources
from suite.training.worker import run_job
from suite.verdicts.judge import judge_campaign
from tasks import UserError

NO_GPU = "PyTorch sees no GPU here; `--device cpu --short` tries this script without."
STACKED = (
    "logistic_regression/mnist1d/gd",
    "deep_vs_wide/mnist1d_15k/depth_3",
)
FULL_SIZE = (
    "cnn_vs_attention/mnist1d_16000/attention",
    "gan/mnist5k_28/non_saturating",
    "translation/numbers/transformer",
)
# A forward pass of this model asks for more than any machine can address, so that none
# begins to fill it.
HUNGRY = '''
"""Does a run that wants too much memory end as one that ran out of memory?"""
import torch
from torch import nn
from tasks import Arm, Float, Level, Recipe, Space, Task
from tasks.data import digits
from tasks.procedures.supervised import Classification

class Hungry(nn.Linear):
    def forward(self, x):
        return super().forward(x.flatten(1)) + torch.empty(2**46, device=x.device)[0]

def build(shape, level, params):
    return Hungry(shape.features, shape.outputs)

TASK = Task(
    question="Does it fit?",
    load_data=lambda level, seed: digits.load(seed),
    arms=(Arm("hungry", build), Arm("too", build)),
    levels=(Level("all", {}),),
    procedure=Classification(),
    recipe=Recipe(steps=2, batch_size=8),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
)
'''
Rows = list[dict[str, Any]]


def stacks(device: str, short: bool) -> Rows:
    """Runs a second, as one stack of so many, and how often that of one run."""
    sizes = (1, 4) if short else (1, 2, 4, 8, 16, 32, 64, 128)
    rows: Rows = []
    for cell in STACKED:
        alone = None
        for size in sizes:
            job = replace(
                job_of(f"{cell}@{0.02 if short else 0.25}", size),
                device=device,
                stacked=size > 1,
            )
            run_job(replace(job, length_factor=0.005))  # caches filled
            began = time.perf_counter()
            run_job(job)
            rate = size / (time.perf_counter() - began)
            alone = alone or rate
            rows.append(
                {
                    "cell": cell,
                    "stack": size,
                    "runs a second": rate,
                    "times one": rate / alone,
                }
            )
    return rows


def shared(device: str, short: bool) -> Rows:
    """Runs a second where 1, 2, 4 and 8 workers share the device through Ray."""
    job = replace(
        job_of(f"{STACKED[1]}@{0.02 if short else 0.5}", 1), device=device
    )
    rows: Rows = []
    for sharing in (1, 2) if short else (1, 2, 4, 8):
        runs = (2 if short else 6) * sharing
        need = Resources(gpus=1 / sharing if device == "cuda" else 0)
        with closing(open_executor(None, sharing)) as executor:
            while executor.starting:
                time.sleep(0.1)
            _through(executor, job, need, 2 * sharing, "warm")
            began = time.perf_counter()
            _through(executor, job, need, runs, "timed")
            seconds = time.perf_counter() - began
        rows.append({"workers": sharing, "runs a second": runs / seconds})
    return rows


def _through(
    executor: Executor, job: Job, need: Resources, runs: int, name: str
) -> None:
    """Have an executor do a run so many times."""
    (member,) = job.members
    for number in range(runs):
        key = f"{name}{number}".ljust(64, "0")
        executor.submit(
            replace(job, members=(replace(member, key=key),)), need
        )
    while executor.in_flight:
        for outcome in executor.wait(1.0):
            problem = outcome.lost or outcome.results[0].error
            if problem:
                raise SystemExit(f"a run failed: {problem}")


def memory(device: str, short: bool) -> Rows:
    """The status of a run that wants too much, and of the next one in its process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hungry.py"
        path.write_text(HUNGRY)
        tasks.load_file(path)
        greedy = replace(job_of("hungry/all/hungry", 1), device=device)
        (refused,) = run_job(greedy)
        (after,) = run_job(
            replace(job_of(f"{STACKED[0]}@0.02", 1), device=device)
        )
    return [
        {"run": "wants too much", "status": refused.status},
        {"run": "the next one", "status": after.status},
    ]


def full_size(device: str, short: bool) -> Rows:
    """Milliseconds an update, at the size of the profile `full`."""
    rows: Rows = []
    for cell in FULL_SIZE[:1] if short else FULL_SIZE:
        row: dict[str, Any] = {"cell": cell}
        for where in dict.fromkeys(("cpu", device)):
            factor = 0.002 if short or where == "cpu" else 0.05
            (result,) = run_job(
                replace(job_of(f"{cell}@{factor}", 1), device=where)
            )
            if result.status != "finished":
                row[where] = f"{result.status}: {result.error}"
                continue
            per_update = result.metrics["seconds"] / result.metrics["steps"]
            row[f"{where}, ms an update"] = 1000 * per_update
        rows.append(row)
    return rows


def verdicts(device: str, short: bool) -> Rows:
    """A campaign on the CPU and on the device: are effects within each other's
    intervals?
    """
    blocks, trials = (2, 1) if short else (6, 4)
    judged = []
    with tempfile.TemporaryDirectory() as folder:
        for where in ("cpu", device):
            campaign = run(
                tasks.get("logistic_regression"),
                Path(folder) / f"{len(judged)}",
                blocks=blocks,
                trials=trials,
                device=where,
                length_factor=0.05 if short else 1.0,
                workers=0 if short else None,
                tracking_uri="none",
            )
            judged.append(judge_campaign(campaign))
    rows: Rows = []
    for here, there in zip(*judged, strict=True):
        rows.append(
            {
                "claim": here.claim,
                "cpu": here.verdict,
                device: there.verdict,
                "cpu, effect": here.effect,
                f"{device}, effect": there.effect,
                "agree": _overlap(here.interval, there.interval),
            }
        )
    return rows


def _overlap(one: Any, other: Any) -> bool:
    """Whether two intervals have a point in common; one without ends has all."""
    (low, high), (least, most) = tuple(one), tuple(other)
    return not (high < least or most < low)


PARTS: dict[str, Callable[[str, bool], Rows]] = {
    "Stacks": stacks,
    "Workers that share the device": shared,
    "Out of memory": memory,
    "Full-size tasks": full_size,
    "The same claims on CPU and device": verdicts,
}


def table(title: str, rows: Rows) -> str:
    """Rows of one part in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [
        f"### {title}",
        "",
        f"| {' | '.join(names)} |",
        "|---" * len(names) + "|",
    ]
    for row in rows:
        cells = [_written(row.get(name, "–")) for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--short", action="store_true", help="a little of all")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print(NO_GPU, file=sys.stderr)
        raise SystemExit(2)
    torch.set_num_threads(1)
    found: dict[str, Any] = machine("torch", "ray")
    if given.device == "cuda":
        found["gpu"] = torch.cuda.get_device_name()
    for title, part in PARTS.items():
        began = time.perf_counter()
        # A part that fails does not take the others with it: the machine is
        # lent for minutes.
        try:
            rows = part(given.device, given.short)
        except (UserError, RuntimeError, SystemExit) as error:
            rows = [{"failed": f"{type(error).__name__}: {error}"}]
        found[title] = rows
        print(table(title, rows))
        print(f"({time.perf_counter() - began:.0f} s)\n", flush=True)
        if given.json:
            given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
