"""Writes a results folder of *synthetic* campaigns, to look at pages and to measure
them: no network was trained.

    python ci/bench/synthetic.py FOLDER [--runs 10000] [--campaigns 2] [--done 0.6]
    [--seed 0]

The tasks, arms, claims and spaces are the real ones, so that pages look as they will;
every number is drawn from a made-up learning curve. Folder, campaign.json and record
carry ``"synthetic": true``, and the dashboard says so.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import socket
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

if (
    __name__ == "__main__"
):  # started as a file: the packages are two folders up
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from search.ranges import Hyperparameter
from suite.planning.plan import CellPlan, Plan
from suite.planning.profile import Profile
from suite.records.files import replace_text
from suite.records.journal import FILE
from suite.records.manifest import (
    MeasureManifest,
    TaskManifest,
    manifest_of,
    write_manifest,
)
from suite.records.mlflow_runs import MlflowRun, note_mlflow_run
from suite.records.versions import versions
from suite.training.job import SCHEMA, Kind, Result, Status, digest
from suite.training.metrics import GAP
from suite.training.seeds import run_seeds
from tasks import Categorical, Space

TASKS = ("batch_size", "deep_vs_wide", "logistic_regression")
EVALUATIONS = 20
WORKERS = 4
STARTED = 1_790_000_000.0  # any day will do; the same folder comes out whenever it is made
CHANCE = {"accuracy": 0.1, "loss": 2.3}
Line = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much to write. ``done`` is the share of recorded runs: below 1 the campaign
    seems to be running.
    """

    blocks: int = 10
    trials: int = 8
    finals: int = 2
    tasks: Sequence[str] = TASKS
    done: float = 1.0
    failures: float = 0.01
    seed: int = 0
    samples: bool = True
    all_cells: bool = True


def plan_for(size: Size, name: str = "synthetic") -> Plan:
    """The plan of a campaign of that size over the real tasks."""
    values = {
        "name": name,
        "title": "Synthetic: nothing was trained",
        "root_seed": size.seed,
        "blocks": size.blocks,
        "trials": size.trials,
        "finals": size.finals,
        "all_cells": size.all_cells,
        "tasks": {task: {} for task in size.tasks},
    }
    return Plan(Profile.model_validate(values))


def write_campaign(root: Path, size: Size, name: str = "synthetic") -> str:
    """Write one campaign below ``root`` and return its id."""
    plan = plan_for(size, name)
    folder = root / plan.id
    folder.mkdir(parents=True, exist_ok=True)
    manifest = manifest_of(plan).model_copy(
        update={
            "synthetic": True,
            "created": STARTED + 86_400 * size.seed,
            "versions": versions(),
            "command": ("ci/bench/synthetic.py",),
        }
    )
    write_manifest(folder, manifest)
    lines = list(_lines(plan, size))
    kept = lines[: math.ceil(size.done * len(lines))]
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(line, separators=(",", ":")) + "\n" for line in kept
        )
    if size.samples:
        write_samples(folder, kept)
    _write_state(folder, kept, len(lines))
    return plan.id


def append(
    root: Path, campaign: str, size: Size, count: int, name: str = "synthetic"
) -> int:
    """Put the next runs on a running campaign's record, as its driver would; how
    many were left to put.
    """
    folder = root / campaign
    lines = list(_lines(plan_for(size, name), size))
    with (folder / FILE).open("a+", encoding="utf-8") as file:
        file.seek(0)
        there = sum(1 for _ in file)
        file.writelines(
            json.dumps(line, separators=(",", ":")) + "\n"
            for line in lines[there : there + count]
        )
    kept = lines[: there + count]
    _write_state(folder, kept, len(lines))
    return len(lines) - there


def publish(
    folder: Path,
    into: Path | None = None,
    experiments: Mapping[str, str] | None = None,
) -> None:
    """Add a made-up MLflow run for every recorded run, as the publisher would for real
    ones.
    """
    with (folder / FILE).open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            run = MlflowRun(
                (experiments or {}).get(line["task"], "1"),
                digest([line["key"], "run"])[:32],
            )
            note_mlflow_run(into or folder, line["key"], run)


def _write_state(folder: Path, kept: Sequence[Line], planned: int) -> None:
    """Write it as a driver does: readers never see half of it."""
    replace_text(folder / "state.json", json.dumps(_state(kept, planned)))


def _state(kept: Sequence[Line], planned: int) -> dict[str, Any]:
    failed: dict[str, int] = {}
    for line in kept:
        if line["status"] != "finished":
            failed[line["status"]] = failed.get(line["status"], 0) + 1
    running, started = len(kept) < planned, STARTED
    spent = (
        max(float(line["ended"]) for line in kept) - started if kept else 0.0
    )
    return {
        "state": "running" if running else "done",
        "updated": started + spent,
        # As if this process were the driver. Its times are made up, so the campaign
        # counts as running while this file is younger than ``state.SILENCE_S``.
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "planned": planned,
        "done": len(kept),
        "replayed": 0,
        "trained": len(kept),
        "failed": failed,
        "in_flight": WORKERS if running else 0,
        "slots": WORKERS,
        "started": started,
        "seconds_left": spent / max(len(kept), 1) * (planned - len(kept))
        if running
        else None,
        "unpublished": 0,
    }


# --------------------------------------------------------------------- made-up numbers


def _lines(plan: Plan, size: Size) -> Iterator[Line]:
    """All runs of a campaign, in the order in which four workers would have
    finished them.
    """
    free = [STARTED] * WORKERS
    tasks = manifest_of(plan).tasks
    for cell in plan.cells:
        rng = np.random.default_rng(_number(size.seed, *cell.place))
        best: tuple[float, dict[str, Any]] | None = None
        for kind, count in (("trial", size.trials), ("final", size.finals)):
            for number in range(count):
                params = (
                    best[1]
                    if kind == "final" and best
                    else _params(tasks[cell.task].space_of(cell.arm), rng)
                )
                pair = 2 * (cell.block % 2)  # the arms of a block share a host
                worker = pair + int(np.argmin(free[pair : pair + 2]))
                line = _line(
                    plan,
                    tasks[cell.task],
                    cell,
                    kind,
                    number,
                    params,
                    rng,
                    size.failures,
                )
                line |= {
                    "started": free[worker],
                    "ended": free[worker]
                    + line["metrics"].get("seconds", 1.0)
                    + 0.05,
                }
                line["worker"] = {
                    "host": f"node-{worker // 2}",
                    "pid": 4000 + worker,
                    "device": "cpu",
                    "threads": 1,
                }
                free[worker] = line["ended"]
                primary = tasks[cell.task].primary
                value = line["metrics"].get(
                    f"validation.{primary.name}", math.inf
                )
                score = -value if primary.better == "higher" else value
                if (
                    kind == "trial"
                    and line["status"] == "finished"
                    and (best is None or score < best[0])
                ):
                    best = score, params
                yield line


def _line(
    plan: Plan,
    task: TaskManifest,
    cell: CellPlan,
    kind: Kind,
    number: int,
    params: Mapping[str, Any],
    rng: np.random.Generator,
    failures: float,
) -> Line:
    key = digest([plan.id, *cell.place, kind, number])
    seeds = run_seeds(
        plan.profile.root_seed,
        cell.task,
        cell.level,
        cell.block,
        cell.arm,
        kind,
        number,
    )
    level = task.level_names.index(cell.level)
    arm = task.arm_names.index(cell.arm)
    skill = _skill(cell, arm, len(task.arms), level, params, rng)
    status: Status = "finished"
    if params.get("lr", 0) and rng.random() < 0.5 * max(
        0.0, math.log10(params["lr"]) + 0.2
    ):
        status = "diverged"
    elif rng.random() < failures and kind == "trial":
        status = ("crashed", "out_of_memory", "timed_out")[
            int(rng.integers(3))
        ]
    curve = (
        _curve(task.measures, skill, arm, _updates(task, cell), rng)
        if status in ("finished", "diverged")
        else []
    )
    result = Result(
        key,
        status,
        metrics=_metrics(task, curve, kind, rng),
        curve=curve if status == "finished" else curve[:3],
        best_step=curve[-2]["step"] if curve else None,
        losses=digest([key, "losses"]),
        parameters=15_000 + 45_000 * (level % 2),
        data={
            "population": "fresh",
            "test_train_ratio": 0.0,
            "n_train": 4000,
            "n_validation": 1000,
            "n_test": 1000,
            "fingerprint": "5" * 64,
        },
        test_opened=kind == "final",
        error=None
        if status == "finished"
        else f"synthetic: {status.replace('_', ' ')}",
        traceback="Synthetic traceback" if status == "crashed" else None,
    )
    what = {
        "schema": SCHEMA,
        "synthetic": True,
        "key": key,
        "task": cell.task,
        "level": cell.level,
    }
    what |= {
        "arm": cell.arm,
        "block": cell.block,
        "kind": kind,
        "number": number,
    }
    came = {
        name: getattr(result, name)
        for name in result.__dataclass_fields__
        if name not in what
    }
    came = {
        name: value
        for name, value in came.items()
        if name not in ("artifacts", "checkpoint")
    }
    return {
        **what,
        "params": dict(params),
        "seeds": seeds,
        **came,
        "artifacts": [],
    }


def _skill(
    cell: CellPlan,
    arm: int,
    arms: int,
    level: int,
    params: Mapping[str, Any],
    rng: np.random.Generator,
) -> float:
    """Between 0 and 1: the arm's own, the block's luck, this run's luck, and how
    well its rate was chosen.
    """
    place = arm / max(arms - 1, 1)
    shape = {
        "deep_vs_wide": 1 - 0.2 * (place - 0.35) ** 2,
        "batch_size": 1 - 0.12 * place * place * (level == 0),
    }
    shape["logistic_regression"] = (
        (0.97, 0.975, 0.977, 0.985)[arm % 4]
        if level == 0
        else (0.4, 0.4, 0.41, 0.8)[arm % 4]
    )
    own = 0.9 * shape.get(cell.task, 1 - 0.03 * (arm % 3)) - 0.01 * level
    block = np.random.default_rng(
        _number(cell.task, cell.level, cell.block)
    ).normal(0, 0.012)
    rate = 0.02 * (math.log10(float(params.get("lr", 0.02))) + 1.7) ** 2
    return float(
        np.clip(own + block - rate + rng.normal(0, 0.008), 0.02, 0.995)
    )


def _updates(task: TaskManifest, cell: CellPlan) -> int:
    """Between two evaluations: fewer with larger batches, where all arms have the same
    epochs.
    """
    if cell.level != "equal_epochs":
        return 50
    sizes = {arm.name: arm.x or 1 for arm in task.arms}
    return max(1, round(50 * min(sizes.values()) / sizes[cell.arm]))


def _curve(
    measures: Sequence[MeasureManifest],
    skill: float,
    arm: int,
    updates: int,
    rng: np.random.Generator,
) -> list[Line]:
    rows = []
    for place in range(EVALUATIONS + 1):
        share = place / EVALUATIONS
        learned = 1 - math.exp(-(9 + 0.4 * arm) * share)
        seconds = round(0.04 * (1 + 0.15 * arm) * place, 4)
        row: Line = {
            "step": updates * place,
            "epoch": 50 * place / 40,
            "seconds": seconds,
        }
        if place:
            row["train.objective"] = round(
                2.3 * (1 - 0.95 * learned * skill), 5
            )
        for measure in measures:
            chance = CHANCE.get(measure.name, 0.0)
            for split, gap in (("train", 0.04 * share), ("validation", 0.0)):
                value = chance + (skill + gap - chance) * learned
                if measure.better == "lower":
                    over = (
                        0.1 * max(0.0, share - 0.7)
                        if split == "validation"
                        else 0.0
                    )
                    value = (
                        2.3 * (1 - 0.97 * learned * min(skill + gap, 0.999))
                        + over
                    )
                row[f"{split}.{measure.name}"] = round(
                    float(value + rng.normal(0, 0.006)), 5
                )
        rows.append(row)
    return rows


def _metrics(
    task: TaskManifest,
    curve: Sequence[Line],
    kind: Kind,
    rng: np.random.Generator,
) -> dict[str, float]:
    if not curve:
        return {}
    best = curve[-2]
    found = {name: value for name, value in best.items() if "." in name}
    found |= {
        "seconds": curve[-1]["seconds"],
        "cpu_seconds": 0.98 * curve[-1]["seconds"],
    }
    found |= {"steps": curve[-1]["step"], "epochs": curve[-1]["epoch"]}
    found["seconds_per_update"] = (
        found["seconds"] / found["steps"] * float(rng.uniform(0.95, 1.05))
    )
    found["seconds_per_epoch"] = 40 * found["seconds_per_update"]
    if kind == "final":
        noise = rng.normal(0, 0.006)
        found |= {
            f"test.{m.name}": round(best[f"validation.{m.name}"] + noise, 5)
            for m in task.measures
        }
        for m in task.measures:
            sign = 1 if m.better == "higher" else -1
            gap = best[f"train.{m.name}"] - found[f"test.{m.name}"]
            found[f"{GAP}.{m.name}"] = sign * gap
    return {name: float(value) for name, value in found.items()}


def _params(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    return {name: _drawn(one, rng) for name, one in space.items()}


def _drawn(hyperparameter: Hyperparameter, rng: np.random.Generator) -> Any:
    if isinstance(hyperparameter, Categorical):
        return hyperparameter.values[
            int(rng.integers(len(hyperparameter.values)))
        ]
    low, high = float(hyperparameter.low), float(hyperparameter.high)
    u = float(rng.random())
    if hyperparameter.log:
        return math.exp(math.log(low) + u * math.log(high / low))
    return low + u * (high - low)


def _number(*path: Any) -> int:
    return int(digest(list(path))[:15], 16)


# ----------------------------------------------------------------------------- samples


def write_samples(folder: Path, lines: Sequence[Line], cells: int = 6) -> None:
    """Made-up pictures over the steps, a table of texts and a map for the first finals
    of each task.
    """
    seen: dict[str, int] = {}
    for line in lines:
        if (
            line["kind"] != "final"
            or line["status"] != "finished"
            or seen.get(line["task"], 0) >= cells
        ):
            continue
        seen[line["task"]] = seen.get(line["task"], 0) + 1
        target = folder / "artifacts" / line["key"]
        target.mkdir(parents=True, exist_ok=True)
        for step in (0, 250, 500, 1000):
            (target / f"step-{step:07d}-grid.png").write_bytes(
                _picture(_number(line["key"]), step / 1000)
            )
        rows = [
            {
                "source": "twenty-one",
                "reference": "二十一",
                "output": "二十一",
            },
            {
                "source": "<img src=x onerror=alert(1)>",
                "reference": "四十",
                "output": "javascript:alert(1)",
            },
        ]
        (target / "translations.json").write_text(
            json.dumps(rows, ensure_ascii=False), encoding="utf-8"
        )
        looks = {
            "columns": ["Said", "1 twenty", "2 <b>one"],
            "rows": [["1 二十", 0.9, 0.1], ["2 <b>一", 0.004, "<b>"]],
        }
        (target / "attention-1.json").write_text(
            json.dumps(looks, ensure_ascii=False), encoding="utf-8"
        )


def _picture(seed: int, learned: float, side: int = 96) -> bytes:
    """A grey PNG that changes from noise to rings: (side, side) bytes, written without
    an imaging library.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / 24 % 1 - 0.5
    rings = 0.5 + 0.5 * np.cos(20 * np.hypot(x, y))
    grey = (
        255 * (learned * rings + (1 - learned) * rng.random((side, side)))
    ).astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in grey)
    out = io.BytesIO(b"")
    out.write(b"\x89PNG\r\n\x1a\n")
    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    for name, data in (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(raw)),
        (b"IEND", b""),
    ):
        out.write(
            len(data).to_bytes(4, "big")
            + name
            + data
            + zlib.crc32(name + data).to_bytes(4, "big")
        )
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument(
        "--runs", type=int, default=3000, help="about how many in a campaign"
    )
    parser.add_argument("--campaigns", type=int, default=1)
    parser.add_argument(
        "--done",
        type=float,
        default=1.0,
        help="share recorded of the newest campaign",
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.folder is None:  # as `make bench` starts everything here
        parser.print_help()
        return
    smallest = Size()
    each = plan_for(smallest).runs / (smallest.trials + smallest.finals)
    per_cell = smallest.trials + smallest.finals
    blocks = max(
        2, min(10, round(smallest.blocks * given.runs / (each * per_cell)))
    )
    trials = max(
        2,
        round(given.runs / (each / smallest.blocks * blocks))
        - smallest.finals,
    )
    for number in range(given.campaigns):
        done = given.done if number == given.campaigns - 1 else 1.0
        size = Size(
            blocks=blocks, trials=trials, done=done, seed=given.seed + number
        )
        print(
            given.folder / write_campaign(given.folder, size), file=sys.stderr
        )


if __name__ == "__main__":
    main()
