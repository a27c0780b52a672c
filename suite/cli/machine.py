"""Commands about machines: is everything here, are the data, and how to get it all onto
others.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from suite.cli.console import err, out, report_findings
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


def doctor(
    results: ResultsOption = Path("results"),
    address: AddressOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Look whether everything that a campaign needs is here, and say how to mend what
    is not.
    """
    from suite.checks.doctor import examine

    one_thread()
    report_findings(
        examine(results, address, tracking), 14, "All is well.", "Something is wrong"
    )


def prepare(
    profile: ProfileArgument = "quick",
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
) -> None:
    """Load the data of every level once, so that a machine without a network can run
    the profile later.
    """
    from suite.cli.render import campaigns
    from suite.planning.plan import Plan
    from suite.training.instantiate import load_splits

    planned = Plan(profile_of(profile, changes, task, task_file))
    table = campaigns.prepared_table()
    for name, level in dict.fromkeys((cell.task, cell.level) for cell in planned.cells):
        began = time.monotonic()
        with err().status(f"Loading {name}, {level} …"):
            splits = load_splits(name, level, 0, planned.of(name).examples)
        sizes = (len(splits.train), len(splits.validation), len(splits.sealed))
        table.add_row(
            name,
            level,
            *(f"{size:,}" for size in sizes),
            f"{time.monotonic() - began:.1f} s",
        )
    out().print(table)


def deploy(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="kuberay, ray-up, slurm, compose or dockerfile."
        ),
    ],
    image: Annotated[
        str | None,
        typer.Option(
            "--image", help="Container image (not slurm).", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, help="Nodes or pods that train. Default: 4; compose: 1."
        ),
    ] = None,
    cpus: Annotated[
        int | None,
        typer.Option(
            "--cpus", min=1, help="CPUs of each. Default: 8; compose: this machine's."
        ),
    ] = None,
    gpus: Annotated[int, typer.Option("--gpus", min=0, help="GPUs of each.")] = 0,
    profile: Annotated[
        str,
        typer.Option(
            "--profile", help="What to run: a profile, or a .toml file there."
        ),
    ] = "standard",
    tracking: Annotated[
        str | None,
        typer.Option(
            "--tracking", help="MLflow server. Default: a store in the results folder."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write into this folder, rather than print.",
        ),
    ] = None,
) -> None:
    """Print what launches a campaign on Kubernetes, cloud machines, Slurm or Docker."""
    from suite.deploy import manifests

    here = kind == "compose"
    asked = manifests.Cluster(
        image=image or manifests.default_image(),
        workers=workers or (1 if here else 4),
        cpus=cpus or (manifests.cores() if here else 8),
        gpus=gpus,
        profile=profile,
        tracking=tracking,
    )
    files = manifests.manifests(kind, asked)
    if output is None:
        print(next(iter(files.values())), end="")
        return
    for path in manifests.write(files, output):
        out().print(
            f"{path} is written; its first lines say how to use it.",
            highlight=False,
            soft_wrap=True,
        )


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)
