"""Commands about machines: doctor, prepare, deploy."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.cli.console import RESULTS, err, out, report_findings, say
from suite.cli.options import (
    AddressOption,
    FileOption,
    ProfileArgument,
    ResultsOption,
    SetOption,
    TaskOption,
    TrackingOption,
)
from suite.cli.resolve import profile_of

if TYPE_CHECKING:
    from suite.planning.plan import Plan


def doctor(
    results: ResultsOption = RESULTS,
    address: AddressOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Check that everything a campaign needs is here; say how to fix what is not."""
    from suite.checks.doctor import WIDTH, examine

    one_thread()
    report_findings(
        examine(results, address, tracking),
        WIDTH,
        "All is well.",
        "Something is wrong",
    )


def prepare(
    profile: ProfileArgument = "quick",
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
) -> None:
    """Load the data of every level once, so that the profile later runs without a
    network.
    """
    from suite.cli.render import campaigns
    from suite.planning.plan import Plan

    planned = Plan(profile_of(profile, changes, task, task_file))
    # Block 0 alone: blocks split the same files, which are fetched once.
    levels = dict.fromkeys((cell.task, cell.level) for cell in planned.cells)
    rows = [_prepared(planned, name, level) for name, level in levels]
    out().print(campaigns.prepared_table(rows))


def _prepared(plan: Plan, name: str, level: str) -> Sequence[str]:
    """Load a level's data: its name, the sizes of its splits, and how long it took."""
    from suite.training.instantiate import load_splits

    began = time.monotonic()
    with err().status(f"Loading {name}, {level} …"):
        splits = load_splits(name, level, 0, plan.of(name).examples)
    seconds = time.monotonic() - began
    sizes = (len(splits.train), len(splits.validation), len(splits.sealed))
    return name, level, *(f"{size:,}" for size in sizes), f"{seconds:.1f} s"


KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="kuberay, ray-up, slurm, compose or dockerfile.",
    ),
]
ImageOption = Annotated[
    str | None,
    typer.Option(
        "--image",
        help="Container image (not slurm).",
        show_default=False,
    ),
]
NodesOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Nodes or pods that train. Default: 4; compose: 1.",
    ),
]
CpusOption = Annotated[
    int | None,
    typer.Option(
        "--cpus",
        min=1,
        help="CPUs of each. Default: 8; compose: this machine's.",
    ),
]
GpusOption = Annotated[
    int,
    typer.Option("--gpus", min=0, help="GPUs of each."),
]
WhatToRunOption = Annotated[
    str,
    typer.Option(
        "--profile",
        help="What to run: a profile, or a .toml file there.",
    ),
]
TrackingServerOption = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        help="MLflow server. Default: a store in the results folder.",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Write into this folder, rather than print.",
    ),
]


def deploy(
    kind: KindArgument,
    image: ImageOption = None,
    workers: NodesOption = None,
    cpus: CpusOption = None,
    gpus: GpusOption = 0,
    profile: WhatToRunOption = "standard",
    tracking: TrackingServerOption = None,
    output: FolderOption = None,
) -> None:
    """Print files that launch a campaign on Kubernetes, a cloud, Slurm or Docker."""
    from suite.deploy import manifests

    default_workers, default_cpus = _default_size(kind)
    asked = manifests.Cluster(
        image=image or manifests.default_image(),
        workers=workers or default_workers,
        cpus=cpus or default_cpus,
        gpus=gpus,
        profile=profile,
        tracking=tracking,
    )
    files = manifests.manifests(kind, asked)
    _print_or_write(files, output)


def _default_size(kind: str) -> tuple[int, int]:
    """How many nodes train, and how many CPUs each has, if nothing is said."""
    from suite.cluster.cores import cores

    # Compose runs on this one machine, so that its own size is the default.
    if kind == "compose":
        return 1, cores()
    return 4, 8


def _print_or_write(files: Mapping[str, str], output: Path | None) -> None:
    """Write files, given as texts by name, into a folder; print the first if
    there is none.
    """
    from suite.deploy.manifests import write

    if output is None:
        # Of several files the first is the manifest itself; only a folder has
        # room for the others.
        print(next(iter(files.values())), end="")
        return
    for path in write(files, output):
        say(f"{path} is written; its first lines say how to use it.")


def one_thread() -> None:
    """Have torch use one thread in this process, as it does in a worker."""
    import torch

    torch.set_num_threads(1)
