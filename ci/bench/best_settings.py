"""How well do translators and GANs do at their best hyperparameters, trained once or a
few times on one CPU thread?

Settings are tuned as a campaign tunes them, on validation, with a few shorter
runs; finals open the test set. CPU seconds are of the whole final: data, training,
evaluations and artifacts. Prints a table in Markdown.

    python ci/bench/best_settings.py translation | gan | two_answers [--artifacts FOLDER]
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tasks
from search.study import Study
from suite.training.job import Job, Kind, Member, Result
from suite.training.seeds import run_seeds, tuner_seed
from suite.training.worker import run_job
from tasks import Params


@dataclass(frozen=True)
class Record:
    """What is to be reached: by which arms of a task, at which level, after which
    tuning, how often.
    """

    task: str
    level: str
    arms: tuple[str, ...]
    shown: tuple[str, ...]
    trials: int
    length_factor: float  # of a trial, as a share of the recipe's length
    finals: int = 1
    length: float = 1.0  # of a final, as a share of the recipe's


RECORDS = {
    "translation": (
        Record(
            "translation",
            "numbers",
            ("transformer", "gru_attention", "gru"),
            ("exact", "bleu", "token_accuracy"),
            4,
            0.5,
        ),
        Record(
            "translation",
            "interface",
            ("transformer", "gru_attention", "gru"),
            ("bleu", "chrf", "exact"),
            4,
            0.3,
        ),
    ),
    "gan": (
        Record(
            "gan",
            "mnist5k",
            ("non_saturating",),
            ("frechet", "confident", "classes", "coverage", "evenness"),
            4,
            0.15,
            finals=5,
            length=0.5,
        ),
    ),
    "two_answers": (
        Record(
            "two_answers",
            "all",
            ("regressor", "gan"),
            ("on_a_mode", "both", "squared_error"),
            4,
            0.5,
            finals=5,
        ),
    ),
}


def train(
    record: Record, arm: str, kind: Kind, number: int, params: Params
) -> tuple[Result, float]:
    """A run of block 0 in this process, and its CPU seconds."""
    seeds = run_seeds(0, record.task, record.level, 0, arm, kind, number)
    member = Member(
        f"{record.level}-{arm}-{number}", kind, 0, number, params, seeds
    )
    length_factor = record.length if kind == "final" else record.length_factor
    began = time.process_time()
    (result,) = run_job(
        Job(
            record.task,
            record.level,
            arm,
            (member,),
            length_factor=length_factor,
        )
    )
    return result, time.process_time() - began


def tuned(record: Record, arm: str) -> Params:
    task = tasks.get(record.task)
    chooser = task.procedure_of(task.arm(arm)).measures[0]
    seed = tuner_seed(0, record.task, record.level, 0, arm)
    study = Study(
        task.space_of(task.arm(arm)), seed=seed, trials=record.trials
    )
    for proposal in study.ask():
        result, _ = train(
            record, arm, "trial", proposal.number, proposal.params
        )
        value = -chooser.sign * result.metrics[f"validation.{chooser.name}"]
        study.tell(proposal.number, value, result.status == "diverged")
    return study.best().params


def rows(record: Record, artifacts: Path | None) -> Iterator[list[str]]:
    """A row per arm: medians over the finals, and the least and the most where there
    are several.
    """
    for arm in record.arms:
        params = tuned(record, arm)
        finals = [
            train(record, arm, "final", number, params)
            for number in range(record.finals)
        ]
        for result, _ in finals:
            _keep(result, artifacts)
        chosen = ", ".join(
            f"{name} {value:.2g}" for name, value in params.items()
        )
        seen = [
            _spread([result.metrics[f"test.{name}"] for result, _ in finals])
            for name in record.shown
        ]
        cpu = f"{max(seconds for _, seconds in finals):.0f}"
        yield [
            tasks.get(record.task).arm(arm).title,
            f"{finals[0][0].parameters:,}",
            chosen,
            *seen,
            cpu,
        ]


def _spread(values: list[float]) -> str:
    middle = f"{statistics.median(values):.3g}"
    return (
        middle
        if len(values) == 1
        else f"{middle} ({min(values):.3g} to {max(values):.3g})"
    )


def _keep(result: Result, folder: Path | None) -> None:
    if folder:
        for name, content in result.artifacts.items():
            path = folder / result.key / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what", choices=RECORDS, nargs="?", default="two_answers"
    )
    parser.add_argument(
        "--artifacts", type=Path, help="keep what finals show in this folder"
    )
    given = parser.parse_args()
    for record in RECORDS[given.what]:
        task = tasks.get(record.task)
        titles = {
            measure.name: measure.label for measure in task.procedure.measures
        }
        how = f"{record.trials} trials of {record.length_factor:g} and {record.finals} finals of {record.length:g} times"
        print(
            f"\n{task.level(record.level).title}, {how} the recipe's length:\n"
        )
        header = [
            "arm",
            "parameters",
            "params",
            *(titles[name] for name in record.shown),
            "CPU s a final, at most",
        ]
        print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}", flush=True)
        for row in rows(record, given.artifacts):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
