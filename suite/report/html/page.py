"""The report's page, put together from what was judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from suite.records.manifest import TaskManifest
from suite.records.results import Campaign
from suite.records.state import state_word
from suite.report import answers
from suite.report.formatting import counted, listed
from suite.report.html import appendix
from suite.report.html.claim import Judged, TaskCurves, claim_view
from suite.report.html.environment import HERE, environment
from suite.report.html.methods import paragraphs
from suite.report.html.pictures import picture_views
from suite.report.html.universes import universes_views
from suite.report.html.view import (
    CampaignView,
    ClaimView,
    SpaceView,
    TaskView,
    UniversesView,
)
from suite.report.sentences import ANSWERS, Labels, aa_test, answer
from suite.verdicts.aa_test import run_aa_tests
from suite.verdicts.case import cases
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import UNKNOWN, Provenance
from suite.verdicts.tuning_curve import tuning_curves
from suite.verdicts.universes import multiverses
from tasks import Categorical, Float, Int, Space
from tasks.contract.universe import is_universe


def render(campaign: Campaign, provenance: Provenance = UNKNOWN) -> str:
    """The report as one HTML document that needs nothing else.

    ``provenance`` is what the tasks' files say today, see ``judge_campaign``.
    """
    asked = [
        case
        for task in campaign.manifest.tasks
        for case in cases(campaign, task)
    ]
    verdicts = judge_campaign(campaign, provenance)
    # Cases and verdicts come in the same order, by task and claim.
    judged = [Judged(*pair) for pair in zip(asked, verdicts, strict=True)]
    tasks = list(_tasks(campaign, judged))
    template = environment().get_template("report.html.j2")
    return template.render(
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        campaign=_head(campaign, judged),
        claims=[claim for task in tasks for claim in task.claims],
        universes=[one for task in tasks for one in task.universes],
        tasks=tasks,
        plan=appendix.plan_table(campaign),
        methods=list(paragraphs(campaign)),
        data=appendix.data_table(campaign),
        openings=appendix.openings(campaign),
        provenance=appendix.provenance(campaign),
    )


def _head(campaign: Campaign, judged: Sequence[Judged]) -> CampaignView:
    """What the top of the report says of the campaign."""
    manifest, done = campaign.manifest, len(campaign.runs)
    # A folder that was copied without its state.json tells no plan.
    planned = int(campaign.state.get("planned") or done)
    state = state_word(campaign.state)
    unfinished = ""
    if state != "done":
        unfinished = (
            f"This campaign is not finished ({state}): {done:,} of {planned:,} runs "
            "are recorded. Verdicts below are those so far."
        )
    blocks = sorted({task.blocks for task in manifest.tasks.values()})
    last = campaign.runs["ended"].max() if done else None
    return CampaignView(
        id=campaign.id,
        title=manifest.title,
        tally=_tally(judged),
        unfinished=unfinished,
        started=appendix.utc(manifest.created or None),
        last_result=appendix.utc(last),
        size=(
            f"{counted(done, 'run')} in {counted(len(manifest.cells), 'cell')}, "
            f"{_blocks(blocks)}"
        ),
    )


def _blocks(numbers: Sequence[int]) -> str:
    """``1 block``, ``6 and 10 blocks``: the numbers that tasks have."""
    largest = counted(max(numbers, default=0), "block")
    return listed([*map(str, numbers[:-1]), largest])


def _tally(judged: Sequence[Judged]) -> str:
    """``7 claims: 2 supported and 5 inconclusive.``, and how many are varied."""
    varied = multiverses(one.verdict for one in judged)
    own = [one for one in judged if not is_universe(one.verdict.claim)]
    # "No claims." would be wrong where all are varied.
    texts = [_counted(own)] if own or not varied else []
    if varied:
        universes = sum(len(one.universes) for one in varied)
        claims = counted(len(varied), "claim")
        texts.append(f"{claims} varied, in {universes:,} universes.")
    return " ".join(texts)


def _counted(judged: Sequence[Judged]) -> str:
    """How many claims there are, and how many of them have each verdict."""
    if not judged:
        return "No claims."
    counts = Counter(one.verdict.verdict for one in judged)
    parts = [
        f"{counts[found]} {answer(found)}"
        for found in ANSWERS
        if counts[found]
    ]
    return f"{counted(len(judged), 'claim')}: {listed(parts)}."


def _tasks(campaign: Campaign, judged: Sequence[Judged]) -> Iterator[TaskView]:
    """The part of each task, in the order of the plan."""
    labels = Labels(campaign.manifest)
    for task, judged_of_task in groupby(
        judged, key=lambda one: one.verdict.task
    ):
        of_task = list(judged_of_task)
        verdicts = [one.verdict for one in of_task]
        curves = TaskCurves(tuning_curves(campaign, task))
        claims = [
            claim_view(one, curves)
            for one in of_task
            if not is_universe(one.verdict.claim)
        ]
        yield _task_view(
            campaign,
            task,
            answers.answer(verdicts, labels),
            claims,
            list(universes_views(verdicts, labels)),
        )


def _task_view(
    campaign: Campaign,
    task: str,
    said: str,
    claims: Sequence[ClaimView],
    universes: Sequence[UniversesView],
) -> TaskView:
    """A task with its question, the answer and its claims."""
    manifest, labels = campaign.manifest.task(task), Labels(campaign.manifest)
    return TaskView(
        name=task,
        question=manifest.question,
        answer=said,
        arms=[arm.label for arm in manifest.arms],
        levels=[level.label for level in manifest.own_levels],
        matched=manifest.matched,
        spaces=_spaces(manifest),
        sources=manifest.sources,
        aa_tests=[
            aa_test(one, labels) for one in run_aa_tests(campaign, task)
        ],
        claims=claims,
        universes=universes,
        variance=appendix.variance(campaign, task),
        diagnoses=appendix.diagnoses(campaign, task),
        pictures=list(picture_views(campaign, task)),
    )


def _spaces(manifest: TaskManifest) -> list[SpaceView]:
    """What was tuned and where, arms with the same ranges together."""
    arms_by_ranges: dict[str, list[str]] = {}
    for arm, space in manifest.space.items():
        # Grouped by the text: arms with equal ranges are told together.
        arms_by_ranges.setdefault(_ranges(space), []).append(
            manifest.arm(arm).label
        )
    return [SpaceView(arms, ranges) for ranges, arms in arms_by_ranges.items()]


def _ranges(space: Space | Mapping[str, Float | Int | Categorical]) -> str:
    """The ranges of a search space, one after the other."""
    ranges = (
        f"{name} {_range(parameter)}" for name, parameter in space.items()
    )
    return "; ".join(ranges) or "nothing"


def _range(parameter: Float | Int | Categorical) -> str:
    """One range or list of choices."""
    if isinstance(parameter, Categorical):
        return listed(map(str, parameter.values), "or")
    scale = " (log)" if parameter.log else ""
    return f"{parameter.low:g} to {parameter.high:g}{scale}"
