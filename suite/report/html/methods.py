"""How a campaign was done, in plain language, written from its profile and its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from suite.planning.profile import Profile
from suite.records.manifest import TaskManifest
from suite.records.results import Campaign
from suite.report.formatting import listed
from suite.training.job import ENDED_WELL, JUDGED
from suite.verdicts.decision import CONFIRMATORY

Paragraph = tuple[str, str]  # heading, text

GATES = (
    "Adequacy gates read hyperparameters, failures and validation results, never the test set: did an arm fail too often; did "
    "its best learning rate lie at the end of the range in at least half of the blocks; was it still improving when "
    "training ended; would half of the tuning have named another winner; do the parameter counts match; was the task "
    "too easy to tell the arms apart? What would only help the arm that is ahead is no objection. A gate that fails makes the verdict inconclusive and says what to do; what the "
    "verdict would have been stays recorded."
)
HALF_LENGTH = (
    "Would the answer change with half the training? In every cell one more final was trained with the same "
    "hyperparameters and seeds and half of the updates; the learning rate's schedule was scaled with them. It opened "
    "the test set too. Where the effect moved by more than the margin from half the training to all of it, and by more "
    "than chance, there is no answer yet; claims about a fixed budget are not asked."
)
AA_TESTS = (
    "Some arms ran a second time under another name. Such a pair should show no difference; it is a smoke alarm for "
    "the whole pipeline, stands outside of the claims, and by chance alone one in twenty of them has p < 0.05."
)


def paragraphs(campaign: Campaign) -> Iterator[Paragraph]:
    """The methods section, a heading and a text at a time."""
    profile, tasks = (
        campaign.manifest.profile,
        list(campaign.manifest.tasks.values()),
    )
    yield "Blocks", _blocks(tasks)
    yield "Equal tuning", _tuning(profile, tasks)
    yield "Validation chooses, the test set is sealed", _sealed(tasks)
    if any(task.half_budget_trials for task in tasks):
        yield "Half the tuning", _half(tasks)
    if any(task.half_length for task in tasks):
        yield "Half the training", HALF_LENGTH
    yield "Seeds", _seeds(profile)
    yield "What decides", _decision(profile.confidence)
    if any(task.looks for task in tasks):
        yield "Looks", _looks(tasks)
    yield "When a comparison is not good enough", GATES
    yield "Failures", _failures(campaign)
    if any(task.aa_test for task in tasks):
        yield "A/A test", AA_TESTS


def _blocks(tasks: list[TaskManifest]) -> str:
    """How blocks differ from each other."""
    most = "at most " if any(task.looks for task in tasks) else ""
    return (
        f"The whole experiment was repeated {most}{_of(tasks, 'blocks')} times. A repetition, or block, has its own "
        "split of the data, its own tuning and its own initialisation; only repeating the tuning too gives honest "
        "error bars. All arms of a block share its split, the order of its batches and the examples they are evaluated "
        "on, so that they are compared in pairs: a block gives one difference."
    )


def _tuning(profile: Profile, tasks: list[TaskManifest]) -> str:
    """How hyperparameters were chosen."""
    how = {
        "qmc": "first the default point, then up to seven learning rates with all else at its default, and from the ninth "
        "trial on points over all ranges; points and rates are those of one scrambled Sobol sequence a study",
        "sobol": "points of a scrambled Sobol sequence, spread evenly over the ranges and seeded once per study",
        "tpe": "the default point and seven quasi-random learning rates, then the proposals of a tree-structured Parzen "
        "estimator, asked and told in fixed generations",
        "gp": "the default point and seven quasi-random learning rates, then the proposals of Bayesian optimisation with a "
        "Gaussian process, asked and told in fixed generations",
        "random": "points drawn at random from the ranges, each by itself",
    }.get(profile.sampler, f"the proposals of the sampler {profile.sampler!r}")
    if not any(_tunes(task) for task in tasks):
        return (
            "Nothing was tuned: every arm was trained with hyperparameters that were fixed before the run, which stand with "
            "each run."
        )
    trials = _of(tasks, "trials")
    if all(_tunes(task, every_arm=True) for task in tasks):
        who = "each arm"
    else:
        who = "each arm that has something to tune"
    return (
        f"In every block {who} got the same number of tuning trials, {trials}, {_whole(profile)}. The hyperparameters "
        f"tried were {how}, so the same profile and seed try the same hyperparameters on any number of machines. What was "
        "tuned, and in which ranges, stands with each task."
    )


def _whole(profile: Profile) -> str:
    """How much of its training a trial gets."""
    if not profile.pruner:
        return "each a whole training"
    rounds = listed(f"{100 * share:g} %" for share in profile.pruning_rounds)
    return (
        f"which after {rounds} of the updates were compared, all at once, and pruned ({profile.pruner.replace('_', ' ')}); "
        "the others were whole trainings"
    )


def _tunes(task: TaskManifest, every_arm: bool = False) -> bool:
    """Whether any arm (or each one) has trials at some level (or at each one)."""
    tuned = [
        task.trials_of(arm, level) > 0
        for arm in task.arm_names
        for level in task.level_names
    ]
    return all(tuned) if every_arm else any(tuned)


def _sealed(tasks: list[TaskManifest]) -> str:
    """Who may read the test sets, and when."""
    finals = _of(tasks, "finals")
    several = any(task.finals > 1 for task in tasks)
    averaged = "; their results are averaged" if several else ""
    halves = "".join(
        f" and the finals of half the {what}"
        for what, run in (
            ("tuning", any(task.half_budget_trials for task in tasks)),
            ("training", any(task.half_length for task in tasks)),
        )
        if run
    )
    word = "final runs" if several else "final run"
    return (
        "The best hyperparameters of a study and, where a task keeps it, the best checkpoint of a run were chosen on "
        f"validation examples. With those hyperparameters and fresh seeds came {finals} {word} a cell{averaged}. Only they"
        f"{halves} opened the test set, and the record says of each run whether it did."
    )


def _half(tasks: list[TaskManifest]) -> str:
    """What half the tuning and half the training tell."""
    return (
        f"Would the answer change with half the tuning? Where the first {_of(tasks, 'half_budget_trials')} trials "
        "would have chosen other hyperparameters, one more final was trained with those; elsewhere the finals answer for both. "
        "Where the effect moved by more than the margin from half the trials to all of them, and by more than chance, "
        "there is no answer yet."
    )


def _seeds(profile: Profile) -> str:
    """What seeds depend on."""
    return (
        f"All randomness comes from the root seed {profile.root_seed}, in named streams: split, order and "
        "evaluation are those of the block, the same for all its arms; tuner, initialisation and dropout also depend "
        "on the arm's name, so that even an arm against itself is a real comparison. An arm that a task gives the seeds of "
        "another one trains the very same networks, and differs from it in what is evaluated."
    )


def _decision(confidence: float) -> str:
    """By which intervals and tests claims are decided."""
    rate = f"{100 * (1 - confidence):g} %"
    return (
        "From a claim's differences, one per block, comes their mean with a t interval; where blocks split the same "
        "examples again, the interval is wider for that, because blocks share examples. A claim is supported where the "
        "interval lies wholly on its side of 0, refuted where it lies wholly on the other, and there is no difference "
        "that matters where an interval lies wholly within the margin, which was fixed before the run. Everything "
        "else is inconclusive, with the number of blocks that would decide it. A task that asks several things has "
        "several chances of being right by luck, so its claims are judged together by Holm's procedure: the risk of "
        f'any wrong direction among them is at most {rate}, and so is that of any wrong "no difference". That is why '
        f"the deciding interval is wider than the plain {100 * confidence:g} % one. The exact sign-flip p-value is a "
        f"check that assumes no distribution, and decides nothing. With fewer than {CONFIRMATORY} blocks, or where a "
        "claim was not pre-specified, a verdict is labelled exploratory: a first hint."
    )


def _looks(tasks: list[TaskManifest]) -> str:
    """At how many blocks claims are tested; empty without interim looks."""
    plans = sorted({task.looks for task in tasks if task.looks})
    after = listed((listed(map(str, looks)) for looks in plans), "or")
    most = max(map(len, plans))
    return (
        f"Blocks were spent where the answer was open: claims were looked at after {after} blocks, numbers declared "
        f"before the run and counted by the block's number, not by what finished first. Each of {most} looks may "
        "use only its share of the risk of error; what was settled at one look was not looked at again."
    )


def _failures(campaign: Campaign) -> str:
    """What happens to runs that fail."""
    statuses = Counter(map(str, campaign.runs["status"]))
    failed = {
        status: count
        for status, count in sorted(statuses.items())
        if status not in ENDED_WELL
    }
    happened = listed(
        f"{count:,} {status.replace('_', ' ')}"
        for status, count in failed.items()
    )
    count = f"{len(campaign.runs):,}"
    seen = f"All {count} recorded runs finished."
    if failed:
        seen = f"Of {count} recorded runs, {happened}."
    retry = ""
    if any(status not in JUDGED for status in failed):
        retry = " Those that depend on the machine can be trained again with `bakeoff retry`."
    return (
        "A run that diverges is a result: it counts, with the value of a model that has learned nothing. One lost "
        "with its machine, out of memory or out of time is not: it is trained again, and a missing pair is waited for, "
        "never dropped. Where a final failed, a verdict must be the same with and without it. "
        f"{seen}{retry}"
    )


def _of(tasks: list[TaskManifest], what: str) -> str:
    """The number that tasks have in common, or those they have."""
    # A set, as most profiles give all tasks the same number.
    values = {int(getattr(task, what)) for task in tasks}
    # 0 stands for "not at all", such as a task without half-budget finals.
    return listed((f"{value:,}" for value in sorted(values) if value), "or")
