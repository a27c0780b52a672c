"""Commands about the machine: is everything here, and are the data?"""

from __future__ import annotations

import time
from pathlib import Path

from suite.commands.choose import profile_of
from suite.commands.console import err, out, report_findings
from suite.commands.options import (
    AddressOption,
    FileOption,
    ProfileArgument,
    ResultsOption,
    SetOption,
    TaskOption,
    TrackingOption,
)


def doctor(
    results: ResultsOption = Path("results"), address: AddressOption = None, tracking: TrackingOption = None
) -> None:
    """Look whether everything that a campaign needs is here, and say how to mend what is not."""
    from suite.doctor import examine

    one_thread()
    report_findings(examine(results, address, tracking), 14, "All is well.", "Something is wrong")


def prepare(
    profile: ProfileArgument = "quick",
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
) -> None:
    """Load the data of every level once, so that a machine without a network can run the profile later."""
    from suite import show
    from suite.plan import Plan
    from suite.worker import load_splits

    planned = Plan(profile_of(profile, changes, task, task_file))
    table = show.prepared_table()
    for name, level in dict.fromkeys((cell.task, cell.level) for cell in planned.cells):
        began = time.monotonic()
        with err().status(f"Loading {name}, {level} …"):
            splits = load_splits(name, level, 0, planned.of(name).examples)
        sizes = (len(splits.train), len(splits.validation), len(splits.sealed))
        table.add_row(name, level, *(f"{size:,}" for size in sizes), f"{time.monotonic() - began:.1f} s")
    out().print(table)


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)
