"""Whole runs in a stack against the same runs alone, in turn, on one CPU thread.

    python ci/bench/stacks.py [--stack 12] [--rounds 3] [--json] [CELL ...]

A cell is TASK/LEVEL/ARM, with ``@FACTOR`` behind it to scale its length. In each round
a stack and a single run follow each other: data, model, recording, updates, evaluations
and result included. Ratios are CPU seconds of a run alone over those of one in a stack,
least, median and most over the rounds; last stands what a short measurement says, by
which campaigns choose.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import replace
from typing import Any

import torch
from interleaved import machine

import tasks
from suite.training.job import Job, Member, Result
from suite.training.seeds import run_seeds
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.gain import gain
from suite.training.worker import run_job

CELLS = (
    "deep_vs_wide/mnist1d_15k/depth_1@0.25",
    "deep_vs_wide/mnist1d_15k/depth_3@0.25",
    "deep_vs_wide/mnist1d_15k/depth_8@0.25",
    "deep_vs_wide/mnist1d_15k/depth_8_batch_norm@0.25",
    "logistic_regression/mnist1d/gd",
    "logistic_regression/breast_cancer/gd",
    "logistic_regression/mnist1d/mlp",
    "batch_size/equal_epochs/batch_8@0.25",
    "batch_size/equal_epochs/batch_32",
    "batch_size/equal_epochs/batch_512",
)


def job_of(cell: str, stack: int) -> Job:
    """As many trials of a cell, of three blocks, at rates around the default one."""
    place, _, factor = cell.partition("@")
    name, level, arm = place.split("/")
    task = tasks.get(name)
    params = task.default_params(task.arm(arm), task.level(level))
    members = []
    for number in range(stack):
        block = number % 3
        seeds = run_seeds(0, name, level, block, arm, "trial", number)
        tuned = {**params, "lr": params["lr"] * (0.5 + number / stack)}
        key = f"{number:064d}"
        members.append(Member(key, "trial", block, number, tuned, seeds))
    length = float(factor or 1)
    return Job(name, level, arm, tuple(members), length_factor=length)


def compare(job: Job, rounds: int) -> dict[str, Any]:
    """CPU seconds of a run in a stack and alone, with their ratios."""
    stacked = replace(job, stacked=True)
    whole: list[float] = []
    updates: list[float] = []
    for number in range(rounds):
        # Another member each time: some stop early.
        one = replace(job, members=job.members[number : number + 1])
        together, all_of_them = _timed(stacked)
        alone, (single,) = _timed(one)
        whole.append(alone * len(job.members) / together)
        in_stack = statistics.mean(map(_per_update, all_of_them))
        updates.append(_per_update(single) / in_stack)
    return {
        "cell": f"{job.task}/{job.level}/{job.arm}",
        "updates": all_of_them[0].metrics["steps"],
        "alone_seconds": alone,
        "stacked_seconds": together / len(job.members),
        "whole": _spread(whole),
        "update": _spread(updates),
        "measured": _measured(job),
    }


def _timed(job: Job) -> tuple[float, list[Result]]:
    began = time.process_time()
    results = run_job(job)
    return time.process_time() - began, results


def _per_update(result: Result) -> float:
    return result.metrics["cpu_seconds"] / result.metrics["steps"]


def _measured(job: Job) -> float | str:
    try:
        return gain(job)
    except CannotBeStacked as error:
        return str(error)


def _spread(values: list[float]) -> list[float]:
    return [min(values), statistics.median(values), max(values)]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| cell | updates | alone, s | in a stack, s | whole runs | an update | measured |",
        "|---|---:|---:|---:|---|---|---:|",
    ]
    for row in rows:
        spreads = []
        for name in ("whole", "update"):
            least, median, most = row[name]
            spreads.append(f"x{median:.2f} ({least:.2f} to {most:.2f})")
        measured = row["measured"]
        if isinstance(measured, float):
            measured = f"x{measured:.2f}"
        cells = [
            row["cell"],
            f"{row['updates']:.0f}",
            f"{row['alone_seconds']:.3f}",
            f"{row['stacked_seconds']:.3f}",
            *spreads,
            measured,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Compare, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", default=CELLS, metavar="CELL")
    parser.add_argument("--stack", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for cell in options.cells:
        job = job_of(cell, options.stack)
        compare(replace(job, length_factor=0.02), 1)  # caches filled
        rows.append(compare(job, options.rounds))
    found = {"stack": options.stack, **machine("torch"), "cells": rows}
    print(json.dumps(found) if options.json else table(rows))


if __name__ == "__main__":
    main()
