"""What does the dashboard's server compute for a large campaign? CPU seconds, which a
busy machine changes less than those of a clock, without a browser.

The store is synthetic (ci/bench/synthetic.py). Prints a table in Markdown.

    python ci/bench/pages.py [--runs 10000]
"""

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dash._utils import to_json

from dashboard.data.snapshots import Snapshots
from dashboard.pages import PAGES
from dashboard.rendering import render
from suite.records.results import Results

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        script = str(ROOT / "ci/bench/synthetic.py")
        call = [sys.executable, script, folder, "--runs", str(runs)]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
        print("| what | CPU s | JSON |\n|---|---|---|")
        _measure(Results(Path(folder)))


def _measure(results: Results) -> None:
    snapshots = Snapshots(results)
    read, snapshot = _spent(snapshots.get)
    count = len(snapshot.campaign.runs)
    _row(f"reading {count:,} runs", read)
    _row("judging all claims", _spent(snapshots.refresh)[0])
    for page in PAGES:
        first, shown = _spent(
            lambda path=page.PATH: render(snapshots, path, "")
        )
        again, _ = _spent(lambda path=page.PATH: render(snapshots, path, ""))
        size = f"{len(to_json(shown.main)) / 1000:,.0f} kB"
        _row(f"{page.PATH}, first and again", first, again, size=size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"| memory at most | | {peak:,.0f} MB |")


def _spent(what: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU seconds of all threads of this process, and what came of it."""
    gc.collect()
    before = time.process_time()
    found = what()
    return time.process_time() - before, found


def _row(what: str, *seconds: float, size: str = "") -> None:
    shown = ", ".join(f"{one:.2f}" for one in seconds)
    print(f"| {what} | {shown} | {size} |", flush=True)


if __name__ == "__main__":
    main()
