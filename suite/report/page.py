"""The report's page, put together from what was judged."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from suite import wording
from suite.amounts import MINUS, NONE, amounts, blocks_in, counted, effect_and_interval, listed, probability
from suite.claims import Case, cases
from suite.job import STATUSES
from suite.report.charts import blocks_chart, curves_chart, legend, strip, trend_chart
from suite.report.curves import AXES, lines_of
from suite.report.html import Child, Markup, facts, join, table, tag
from suite.report.methods import paragraphs
from suite.results import Campaign
from suite.twins import compare_same_arms
from suite.verdict import ClaimVerdict, judge_campaign

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # the page could load nothing even if it wanted to
REPEATED = (
    "The digest of the claims was taken before the first training: a claim edited afterwards gives another. The same "
    "command with the same sources gives the same campaign; on machines of the same kind its results are the same to "
    "the last bit."
)
MOST_LEVELS = 4  # whose learning curves a claim shows


def render(campaign: Campaign) -> str:
    """The report as one HTML document that needs nothing else."""
    judged = [Judged(case, verdict) for case, verdict in _pairs(campaign)]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"Bakeoff: {campaign.id}"),
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
    )
    body = tag(
        "body",
        _title(campaign, judged),
        tag(
            "main",
            _summary(judged),
            *_tasks(campaign, judged),
            *_methods(campaign),
            _openings(campaign),
            _place(campaign),
        ),
        tag("footer", "Written by Bakeoff from the campaign's record alone."),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@dataclass(frozen=True)
class Judged:
    """A claim with its case and its verdict."""

    case: Case
    verdict: ClaimVerdict

    @property
    def anchor(self) -> str:
        return f"{self.verdict.task}-{self.verdict.claim}"

    @cached_property
    def failed(self) -> list[Any]:
        return [gate for gate in self.verdict.gates if gate.failed]


def _pairs(campaign: Campaign) -> Iterator[tuple[Case, ClaimVerdict]]:
    found = [case for task in campaign.about["tasks"] for case in cases(campaign, task)]
    return zip(found, judge_campaign(campaign), strict=True)


# --------------------------------------------------------------------------------------------------------- the top


def _title(campaign: Campaign, judged: list[Judged]) -> Markup:
    about, done = campaign.about, len(campaign.trainings)
    planned = int(campaign.state.get("planned") or done)
    state = str(campaign.state.get("state", "unknown"))
    warning = None
    if state != "done":
        warning = tag("p", f"This campaign is not finished ({state}): {done:,} of {planned:,} trainings are on record. "
                           "Verdicts below are those so far.", class_="warning")  # fmt: skip
    tally = Counter(one.verdict.verdict for one in judged)
    counts = [f"{tally[answer]} {word}" for answer, word in wording.ANSWERS.items() if tally[answer]]
    title = str(about["profile"].get("title") or about["name"])
    blocks = listed(str(n) for n in sorted({int(task["blocks"]) for task in about["tasks"].values()}))
    return tag(
        "header",
        tag("p", "Bakeoff: textbook claims, put to the test", class_="brand"),
        tag("h1", title),
        tag("p", f"{counted(len(judged), 'claim')}: {listed(counts)}." if judged else "No claims.", class_="lead"),
        warning,
        facts(
            ("Campaign", tag("code", campaign.id)),
            ("Started", _when(about.get("created"))),
            ("Last result", _when(campaign.trainings["ended"].max() if done else None)),
            ("Size", f"{done:,} trainings in {len(about['cells']):,} cells, {blocks} blocks"),
        ),
    )


def _summary(judged: list[Judged]) -> Markup:
    rows: list[list[Child]] = []
    for one in judged:
        verdict = one.verdict
        claim = tag("a", verdict.says, href=f"#{one.anchor}")
        rows.append([claim, _badge(verdict), strip(verdict), effect_and_interval(verdict), blocks_in(verdict)])
    legend_says = (
        "Effects are in the claim's direction, as a mean over blocks with its plain interval; “×” is a ratio. The "
        "picture has all claims on one scale, in units of the difference that matters: inside the grey band it does "
        "not. The thick line is the interval that decides, the thin one the plain interval. Claims of a task are "
        "judged together, so the thick one is often the longer."
    )
    return tag(
        "section",
        tag("h2", "What was found"),
        table(["Claim", "Verdict", "← against · for →", "Effect (interval)", "From"], rows, frozenset({3, 4})),
        tag("p", legend_says, class_="note"),
        class_="summary",
    )


def _badge(verdict: ClaimVerdict) -> Markup:
    word = tag("span", wording.ANSWERS[verdict.verdict], class_=f"badge {verdict.verdict}")
    below = []
    if not verdict.complete:
        below.append("so far")
    if verdict.would_be and verdict.would_be != verdict.verdict:
        below.append(f"else {wording.ANSWERS[verdict.would_be]}")
    if verdict.label == "exploratory":
        below.append("exploratory")
    if verdict.meaningful:
        below.append("by more than the margin")
    return join(word, *(tag("small", text) for text in below))


# ------------------------------------------------------------------------------------------------------- the claims


def _tasks(campaign: Campaign, judged: list[Judged]) -> Iterator[Markup]:
    for task, of_task in groupby(judged, key=lambda one: one.verdict.task):
        drawn: dict[object, str] = {}
        claims = [_claim(one, drawn) for one in of_task]
        about = campaign.about["tasks"][task]
        twice = [tag("p", f"A against A: {one.says}", class_="note") for one in compare_same_arms(campaign, task)]
        yield tag(
            "section", tag("h2", str(about["question"])), _about_task(task, about), *twice, *claims, class_="task"
        )


def _about_task(task: str, about: Mapping[str, Any]) -> Markup:
    return facts(
        ("Task", tag("code", task)),
        ("Compared", listed(str(arm.get("label") or arm["name"]) for arm in about["arms"])),
        ("At", listed(str(level.get("label") or level["name"]) for level in about["levels"])),
        ("Held equal", str(about.get("matched") or "")),
        ("Tuned", _space(about)),
        (
            "Sources",
            tag("ul", *(tag("li", str(text)) for text in about.get("sources") or ())) if about.get("sources") else None,
        ),
    )


def _space(about: Mapping[str, Any]) -> Child:
    """What was tuned and where, arms with the same ranges together."""
    spaces = {
        arm: "; ".join(f"{name} {_range(r)}" for name, r in space.items()) for arm, space in about["space"].items()
    }
    labels = {arm["name"]: str(arm.get("label") or arm["name"]) for arm in about["arms"]}
    alike = {text: [labels.get(arm, arm) for arm in spaces if spaces[arm] == text] for text in spaces.values()}
    if len(alike) == 1:
        return next(iter(alike)) or "nothing"
    return tag("ul", *(tag("li", f"{listed(arms)}: {text or 'nothing'}") for text, arms in alike.items()))


def _range(setting: Mapping[str, Any]) -> str:
    if "values" in setting:
        return listed(map(str, setting["values"]), "or")
    return f"{setting['low']:g} to {setting['high']:g}" + (" (log)" if setting.get("log") else "")


def _claim(one: Judged, drawn: dict[object, str]) -> Markup:
    """A claim's part of the page; ``drawn`` remembers which learning curves the task has shown, and where."""
    verdict = one.verdict
    return tag(
        "article",
        tag("h3", tag("span", verdict.says), _badge(verdict)),
        tag("p", verdict.sentence, class_="sentence"),
        _compared_with_source(verdict),
        _pictures(one),
        _numbers(one),
        tag("div", tag("div", _gates(one), *_reservations(verdict)), _curves(one, drawn), class_="pair"),
        id=one.anchor,
    )


def _reservations(verdict: ClaimVerdict) -> Iterator[Markup]:
    """What the verdict speaks for, and what else must be known of it."""
    yield tag("p", verdict.population, class_="note")
    for note in verdict.notes:
        yield tag("p", f"{note[:1].upper()}{note[1:]}.", class_="note")


def _compared_with_source(verdict: ClaimVerdict) -> Markup:
    measured = f"{verdict.metric_label}: {effect_and_interval(verdict)}, {blocks_in(verdict)}"
    return facts(("Source", verdict.source), ("It reports", verdict.against), ("We measured", measured))


def _pictures(one: Judged) -> Markup | None:
    verdict, case = one.verdict, one.case
    chart = blocks_chart(verdict, _sides(case), case.level_label)
    if chart is None:
        return None
    said = f"A dot is a block. Grey: differences below {amounts(verdict).amount(verdict.margin)}, which do not matter."
    trend = trend_chart(verdict, str(case.about.get("axis") or "the levels"))
    more = tag("figcaption", "The gap at each level, with its plain interval.") if trend else None
    return tag("figure", chart, tag("figcaption", said), trend, more)


def _sides(case: Case) -> tuple[str, str]:
    """What lies left and right of the line between for and against."""
    ahead, behind = wording.names(case)
    if case.claim.kind == "interaction":
        return f"{ahead} falls back", f"{ahead} gains"
    if case.claim.kind == "threshold":
        return f"short of {behind}", f"beyond {behind}"
    if case.claim.at_least:
        return "less than claimed", "more than claimed"
    return f"{behind} ahead", f"{ahead} ahead"


def _numbers(one: Judged) -> Markup | None:
    verdict = one.verdict
    if verdict.blocks < 2:
        return None
    written, scale = amounts(verdict), " per doubling" if verdict.kind == "interaction" else ""
    confidence = 100 * float((one.case.campaign.about.get("profile") or {}).get("confidence", 0.95))
    named: list[tuple[str, Child]] = [
        (f"{confidence:g} % interval", written.interval(verdict.interval) + scale),
        ("Deciding interval", written.interval(verdict.local_interval) + scale),
        ("Interval for “no difference”", written.interval(verdict.equivalence_interval) + scale),
        ("Matters from", written.amount(verdict.margin)),
        ("As claimed in", f"{verdict.won * verdict.blocks:g} of {counted(verdict.blocks, 'block')}"),
        ("Effect size, paired", _signed(verdict.effect_size)),
        ("p, adjusted", probability(verdict.p_holm)),
        ("p, sign-flip check", probability(verdict.p_sign_flip)),
    ]
    if verdict.splits_interval:
        named.append(("For these splits alone", written.interval(verdict.splits_interval) + scale))
    if verdict.new_test_interval:
        named.append(("For new test examples too", written.interval(verdict.new_test_interval) + scale))
    if verdict.blocks_to_settle:
        named.append(("Would be settled by", f"about {counted(verdict.blocks_to_settle, 'block')}"))
    levels = [row for row in verdict.at if "verdict" in row]
    rows: list[list[Child]] = [
        [one.case.level_label(str(row["level"])), wording.ANSWERS[row["verdict"]], written.effect(row["effect"]),
         written.interval(row["interval"]), written.interval(row["local_interval"])]
        for row in levels
    ]  # fmt: skip
    each = table(["Level", "Verdict", "Effect", "Interval", "Deciding"], rows, frozenset({2, 3, 4})) if rows else None
    return join(tag("div", facts(*named), class_="numbers"), each)


def _gates(one: Judged) -> Markup | None:
    if not one.verdict.gates:
        return None
    items = [
        tag("li", tag("b", gate.name, ": "), gate.says, " → " if gate.cure else None, tag("b", gate.cure))
        for gate in one.failed
    ]
    items += [tag("li", gate.says, class_="passed") for gate in one.verdict.gates if not gate.failed]
    title = "Good enough to be judged?"
    return tag("div", tag("h4", title), tag("ul", *items), class_="gates failed" if one.failed else "gates")


def _curves(one: Judged, drawn: dict[object, str]) -> Markup | None:
    """Learning curves of the claim's arms at its levels, or where the same ones stand already."""
    case = one.case
    column = case.metric.validation or f"validation.{case.about['measures'][0]['name']}"
    same = (case.claim.arms, case.levels, column)
    if same in drawn:
        return tag("p", "Learning curves: as ", tag("a", "above", href=f"#{drawn[same]}"), ".", class_="note")
    measure = next((m for m in case.about["measures"] if f"validation.{m['name']}" == column), None)
    if measure is None:
        return None
    name, percent = str(measure.get("label") or measure["name"]), bool(measure["percent"])
    panels, arms = [], dict[str, int]()
    for level in case.levels[:MOST_LEVELS]:
        lines, along = lines_of(case, level, column)
        panels.append(curves_chart(lines, case.level_label(level), AXES[along], name, percent))
        arms |= {line.label: line.place for line in lines}
    if not any(panels):
        return None
    drawn[same] = one.anchor
    left = len(case.levels) - MOST_LEVELS
    more = f" {counted(left, 'more level')} not shown." if left > 0 else ""
    said = f"{name} on validation while the finals trained: mean over blocks, shaded its 95 % interval.{more}"
    shape = "learning several" if len(panels) > 1 else "learning"
    drawings = tag("div", *panels, class_="panels")
    return tag("figure", legend(arms.items()), drawings, tag("figcaption", said), class_=shape)


# ----------------------------------------------------------------------------------------------- how it was done


def _methods(campaign: Campaign) -> Iterator[Markup]:
    said = [join(tag("h3", title), tag("p", text)) for title, text in paragraphs(campaign)]
    yield tag("section", tag("h2", "How it was done"), _plan(campaign), *said, class_="methods")
    data = _data(campaign)
    if data:
        yield tag("section", tag("h2", "The data"), data)


def _plan(campaign: Campaign) -> Markup:
    rows: list[list[Child]] = []
    for name, task in campaign.about["tasks"].items():
        effort = float(task.get("effort") or 1)
        sizes = [len(task["levels"]), len(task["arms"]), task["blocks"], task["trials"], task["finals"]]
        rows.append([tag("code", name), *map(str, sizes), f"{effort:g}"])
    head = ["Task", "Levels", "Arms", "Blocks", "Trials a cell", "Finals a cell", "Length of training"]
    return table(head, rows, frozenset(range(1, 7)))


def _data(campaign: Campaign) -> Markup | None:
    frame = campaign.trainings
    names = ["data.n_train", "data.n_validation", "data.n_test"]
    if not {*names, "data.population"} <= {*frame.columns}:
        return None
    how = {
        "fresh": "drawn anew for each block",
        "resplit": "split anew for each block",
        "official": "one test set for all",
    }
    rows: list[list[Child]] = []
    for (task, level), group in frame.dropna(subset=names).groupby(["task", "level"], sort=False):
        sizes = [listed(f"{int(n):,}" for n in sorted(group[name].unique())) for name in names]
        kinds = listed(how.get(str(kind), str(kind)) for kind in sorted(group["data.population"].dropna().unique()))
        about = campaign.about["tasks"][task]
        label = next((str(v.get("label") or v["name"]) for v in about["levels"] if v["name"] == level), str(level))
        rows.append([tag("code", str(task)), label, *sizes, kinds])
    if not rows:
        return None
    return table(["Task", "Level", "Training", "Validation", "Test", "How"], rows, frozenset({2, 3, 4}))


def _openings(campaign: Campaign) -> Markup:
    """Who opened the sealed test set, and when."""
    frame = campaign.trainings
    opened = frame[frame["test_opened"].eq(True)] if len(frame) else frame
    kinds = Counter(map(str, opened["kind"])) if len(opened) else Counter[str]()
    words = {"final": "final", "half": "half-budget final", "trial": "tuning trial"}
    by = listed(counted(kinds[kind], words.get(kind, kind)) for kind in words if kinds[kind])
    trials = int(frame["kind"].eq("trial").sum()) if len(frame) else 0
    none = (
        f"none of the {trials:,} tuning trials saw it"
        if not kinds["trial"]
        else "tuning trials saw it, which they must not"
    )
    said = (
        f"Test sets were opened {len(opened):,} times, by {by}; {none}."
        if len(opened)
        else "No test set was opened yet."
    )
    rows: list[list[Child]] = []
    for (task, level, arm), group in opened.groupby(["task", "level", "arm"]) if len(opened) else ():
        when = [_when(value, seconds_too=True) for value in (group["ended"].min(), group["ended"].max())]
        rows.append([tag("code", str(task)), str(level), str(arm), f"{len(group):,}", *when])
    record = "Each opening is a line of trainings.jsonl, with test_opened and the time."
    head = ["Task", "Level", "Arm", "Openings", "First", "Last"]
    return tag(
        "section",
        tag("h2", "When the sealed test sets were opened"),
        tag("p", said, " ", record),
        table(head, rows, frozenset({3, 4, 5})) if rows else None,
    )


def _place(campaign: Campaign) -> Markup:
    about, frame = campaign.about, campaign.trainings
    versions = dict(about.get("versions") or {})
    statuses = Counter(map(str, frame["status"])) if len(frame) else Counter[str]()
    spent = float((frame["ended"] - frame["started"]).sum()) / 3600 if len(frame) else 0.0
    sources = [tag("li", tag("code", f"{task} {value[:16]}")) for task, value in (about.get("sources") or {}).items()]
    return tag(
        "section",
        tag("h2", "Where it ran, and how to repeat it"),
        facts(
            (
                "Command",
                tag("code", " ".join(map(str, about["command"])), class_="long") if about.get("command") else None,
            ),
            ("Machines", _machines(frame)),
            ("Time spent", f"{spent:.2g} hours of one worker, all trainings together"),
            ("Ended as", listed(f"{statuses[s]:,} {s.replace('_', ' ')}" for s in STATUSES if statuses[s])),
            ("Platform", str(versions.pop("platform", ""))),
            ("Versions", tag("span", listed(f"{name} {number}" for name, number in versions.items()), class_="long")),
            ("Claims", tag("code", str(about.get("claims_digest", "")), class_="long")),
            ("Sources", tag("ul", *sources) if sources else None),
        ),
        tag("p", REPEATED, class_="note"),
    )


def _machines(frame: Any) -> str:
    if not len(frame):
        return ""
    names = [name for name in ("host", "device", "hardware", "threads") if name in frame]
    found = []
    for values, group in frame.dropna(subset=["host"]).groupby(names, dropna=False):
        about = dict(zip(names, values, strict=True))
        threads = about.get("threads")
        more = f", {counted(int(threads), 'thread')} a training" if threads == threads and threads else ""
        kind = ", ".join(str(about[n]) for n in ("device", "hardware") if n in about and about[n] == about[n])
        workers = counted(group["worker"].nunique(), "process").replace("processs", "processes")
        found.append(f"{about['host']} ({kind}{more}; {workers}, {len(group):,} trainings)")
    return "; ".join(found)


def _when(seconds: Any, *, seconds_too: bool = False) -> str:
    if seconds is None or not math.isfinite(float(seconds)):
        return NONE
    return time.strftime("%Y-%m-%d %H:%M:%S UTC" if seconds_too else "%Y-%m-%d %H:%M UTC", time.gmtime(float(seconds)))


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS) if math.isfinite(value) else NONE
