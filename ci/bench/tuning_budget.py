"""How far do effects, and their spread over blocks, depend on the number of trials?

One campaign per number of trials, the largest first, in one results folder: its trials
are those of the smaller ones, too, of which only finals are trained. Prints a table in
Markdown, with what the gates on the tuning budget say; and, where trials are
exchangeable, one of the effect on validation on average over all choices of so many
trials from the most that were run, in which chance has a smaller part.

    python ci/bench/tuning_budget.py shared_range | deep_vs_wide | cnn_vs_attention
        [--sampler qmc] [--trials 16 8 4 2] [--blocks 6] [--results DIR]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.budget import chances_of_best, stages
from suite.records.results import Campaign, Results
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.sensitivity import BUDGET_GATE, MOVING_BUDGET_GATE
from suite.verdicts.statistics import Floats

ROOT = Path(__file__).resolve().parents[2]
# each with the arms and levels of one claim alone, at the length that `quick` has
TABLES = {
    "shared_range": "",
    "deep_vs_wide": """
arms = ["depth_1", "depth_3"]
levels = ["mnist1d_15k"]
length_factor = 0.5
""",
    "cnn_vs_attention": """
arms = ["cnn", "attention"]
levels = ["mnist1d_500"]
length_factor = 0.1
recipe = { evaluations = 10 }
""",
}
PROFILE = """
name = "{task}"
blocks = {blocks}
trials = {trials}
half_budget = true
sampler = "{sampler}"
[tasks.{task}]
{table}
"""
HEADER = (
    "trials",
    "effect, points (95 %)",
    "standard deviation over blocks",
    "with half the trials",
    "gates that fail",
)
AVERAGE = (
    "trials of all",
    "effect on validation, points",
    "standard deviation over blocks",
)


@dataclass(frozen=True)
class Search:
    """What is tuned, by which sampler, in how many blocks, kept where."""

    task: str
    sampler: str
    blocks: int
    results: Path

    def run(self, trials: int) -> None:
        """Run the campaign with that many trials, or resume it."""
        text = PROFILE.format(
            task=self.task,
            blocks=self.blocks,
            trials=trials,
            sampler=self.sampler,
            table=TABLES[self.task],
        )
        own_file = ROOT / "ci" / "bench" / "tasks" / f"{self.task}.py"
        command = ["--results", str(self.results), "--tracking", "none"]
        command += ["--workers", "0"]
        if own_file.exists():
            command += ["--task-file", str(own_file)]
        with tempfile.TemporaryDirectory() as folder:
            profile = Path(folder, f"{self.task}.toml")
            profile.write_text(text, encoding="utf-8")
            subprocess.run(
                [sys.executable, "-m", "suite", "run", profile, *command],
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
            )

    def campaign(self, trials: int) -> Campaign:
        """The newest campaign of this search with that many trials."""
        recorded = Results(self.results)
        for name in recorded.readable_ids():
            campaign = recorded.load(name)
            if self._ran(campaign, trials):
                return campaign
        raise SystemExit(
            f"{self.results} has no {self.task}, {trials} trials."
        )

    def _ran(self, campaign: Campaign, trials: int) -> bool:
        manifest = campaign.manifest
        if list(manifest.tasks) != [self.task]:
            return False
        task = manifest.task(self.task)
        return (manifest.profile.sampler, task.blocks, task.trials) == (
            self.sampler,
            self.blocks,
            trials,
        )


def row(trials: int, verdict: ClaimVerdict) -> list[str]:
    """What one campaign says."""
    differences = [one["difference"] for one in verdict.per_block]
    low, high = verdict.interval
    half = verdict.half_budget
    gates = ("moving-in-search", BUDGET_GATE, MOVING_BUDGET_GATE)
    failed = [gate.code for gate in verdict.gates if gate.failed]
    return [
        str(trials),
        f"{points(verdict.effect)} ({points(low)} to {points(high)})",
        f"{100 * statistics.stdev(differences):.1f}",
        points(half.effect) if half else "–",
        ", ".join(code for code in failed if code in gates) or "none",
    ]


def averages(campaign: Campaign, trials: Sequence[int]) -> list[list[str]]:
    """A row per number of trials: the effect on validation of the arms in the claim's
    order, over all choices of so many from the campaign's trials.
    """
    (task,) = campaign.manifest.tasks
    (recorded,) = campaign.manifest.task(task).claims
    metric = f"validation.{recorded.claim.metric}"
    rows = campaign.runs[campaign.runs["kind"] == "trial"]
    studies = {
        place: study.sort_values("number")[metric].to_numpy(dtype=float)
        for place, study in rows.groupby(["arm", "block"])
    }
    blocks = sorted(rows["block"].unique())
    found = []
    for number in trials:
        ahead, behind = (
            [_expected(studies[arm, block], number) for block in blocks]
            for arm in recorded.claim.arms
        )
        gaps = [a - b for a, b in zip(ahead, behind, strict=True)]
        mean, std = statistics.mean(gaps), statistics.stdev(gaps)
        found.append([str(number), points(mean), f"{100 * std:.1f}"])
    return found


def _expected(values: Floats, trials: int) -> float:
    """The mean of the best of so many trials, higher being better."""
    chances = chances_of_best(values, trials, "random", "higher")
    return float(chances @ values)


def points(share: float) -> str:
    """A share in points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "−")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "task", choices=TABLES, nargs="?", default="shared_range"
    )
    parser.add_argument("--sampler", default="qmc")
    parser.add_argument("--trials", type=int, nargs="+", default=[16, 8, 4, 2])
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument(
        "--results", type=Path, help="keep the campaigns in this folder"
    )
    given = parser.parse_args()
    numbers = sorted(given.trials)
    with tempfile.TemporaryDirectory() as folder:
        results = given.results or Path(folder)
        search = Search(given.task, given.sampler, given.blocks, results)
        for trials in reversed(numbers):
            search.run(trials)
        campaigns = {trials: search.campaign(trials) for trials in numbers}
    verdicts = {}
    for trials, campaign in campaigns.items():
        (verdicts[trials],) = judge_campaign(campaign)
    print_table(HEADER, [row(*item) for item in verdicts.items()])
    if stages(given.sampler, 2) == [range(2)]:
        largest = campaigns[max(numbers)]
        print_table(AVERAGE, averages(largest, numbers))


def print_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for of_row in cells:
        print(f"| {' | '.join(of_row)} |")


if __name__ == "__main__":
    main()
