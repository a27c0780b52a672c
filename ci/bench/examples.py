"""What each example comes to: lines, runs, CPU seconds and verdicts, as Markdown.

    python ci/bench/examples.py [NAME ...]

Each of ``tasks/examples`` runs in this process, on one thread, with six blocks, three
trials a cell and one final. The first example also pays for what is imported.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

import tasks
from suite.campaign.launch import launch
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign

FOLDER = Path(tasks.__file__).parent / "examples"
PRUNED = {"search_spaces"}  # whose trials are pruned, too


def row(path: Path, results: Path) -> str:
    """One example as a row of the table."""
    task = tasks.load_file(path)
    name = path.stem
    values = {
        "name": name,
        "blocks": 6,
        "trials": 8 if name in PRUNED else 3,
        "finals": 1,
        "pruner": "median" if name in PRUNED else "",
        "tasks": {name: {}},
    }
    plan = Plan(Profile.model_validate(values))
    began = time.process_time()
    executor = SerialExecutor()
    launch(plan, results / name, executor=executor, tracking_uri="none")
    seconds = time.process_time() - began
    campaign = Results(results / name).load()
    answers = Counter(
        verdict.verdict.replace("_", " ")
        for verdict in judge_campaign(campaign)
    )
    told = ", ".join(f"{count} {answer}" for answer, count in answers.items())
    lines = len(path.read_text(encoding="utf-8").splitlines())
    runs = len(campaign.runs)
    return (
        f"| `{path.name}` | {lines} | {len(task.arms)} | {runs} | {seconds:.0f} | "
        f"{told} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="examples; default: all")
    names = parser.parse_args().names
    torch.set_num_threads(1)
    print("| example | lines | arms | runs | CPU seconds | verdicts |")
    print("|---|--:|--:|--:|--:|---|")
    with tempfile.TemporaryDirectory() as results:
        for path in sorted(FOLDER.glob("*.py")):
            chosen = not names or path.stem in names
            if path.name != "__init__.py" and chosen:
                print(row(path, Path(results)), flush=True)


if __name__ == "__main__":
    main()
