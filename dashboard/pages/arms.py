"""Any two arms of a task by any metric: an exploration, and never a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, saved, table
from dashboard.components.controls import (
    arm_key,
    choose_level,
    choose_task,
    controls,
    select,
)
from dashboard.components.outcome import status_badge
from dashboard.components.ranking import (
    ranked_of,
    ranking_chart,
    ranking_frame,
    ranking_name,
)
from dashboard.components.text import card, empty, facts, foreign, head, note
from dashboard.data.view import View, capital
from dashboard.figures.arms import arm_differences, pair_amounts
from dashboard.locale.numbers import plain
from suite.report.formatting import NONE, measured_number, within_sentence
from suite.training.metrics import Metric
from suite.verdicts.arm_pair import (
    ArmPair,
    chosen_hyperparameters,
    comparable_metrics,
    compare_arms,
)
from suite.verdicts.claim_verdict import ClaimVerdict

PATH, TITLE = "/arms", "arms-title"


def layout(view: View) -> Component:
    """Two chosen arms: their difference, blocks and hyperparameters, and all
    others ranked against the first.
    """
    words = view.words
    top = head(words("arms-title"), words("arms-says"))
    names = _names(view)
    metrics = comparable_metrics(view.campaign, view.task)
    if len(names) < 2 or not metrics:
        nothing = "arms-one" if len(names) < 2 else "arms-nothing"
        return html.Div(
            [top, controls(choose_task(view)), empty(words(nothing), "")]
        )
    pair = _pair(view, metrics)
    return html.Div(
        [
            top,
            _choosing(view, pair, metrics),
            note(words("arms-exploratory")),
            _claims(view, pair),
            _difference_card(view, pair),
            _chart(view, pair),
            _ranking(view, pair),
            html.Div(
                [_blocks(view, pair), _chosen(view, pair)],
                className="grid two",
            ),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The values and differences of all blocks, and the chosen hyperparameters."""
    metrics = comparable_metrics(view.campaign, view.task)
    if len(_names(view)) < 2 or not metrics:
        return {}
    pair = _pair(view, metrics)
    rows = [vars(block) for block in pair.blocks]
    columns = ["block", "first", "second", "difference"]
    blocks = pd.DataFrame(rows, columns=columns)
    both = [
        _hyperparameters(view, pair, arm).reset_index().assign(arm=arm)
        for arm in (pair.first, pair.second)
    ]
    chosen = pd.concat(both, ignore_index=True)
    ranked = ranked_of(view, pair.first, pair.metric)
    return {
        "arm-differences": blocks,
        "arm-blocks": blocks,
        "arm-chosen": chosen,
        ranking_name(pair.metric): ranking_frame(ranked),
    }


# ----------------------------------------------------------------------------- choices


def _names(view: View) -> list[str]:
    return [str(arm["name"]) for arm in view.about["arms"]]


def _pair(view: View, metrics: Sequence[Metric]) -> ArmPair:
    """The arms, level and metric that the address names; else the task's first ones."""
    names = _names(view)
    first = view.chosen("arm", names)
    others = [name for name in names if name != first]
    second = view.chosen("other", names, others[0])
    if second == first:
        # The reader changed the first to what the second was; the address
        # still has both.
        second = others[0]
    metric = view.chosen("metric", [one.name for one in metrics])
    return compare_arms(
        view.campaign, view.task, view.level, first, second, metric
    )


def _choosing(
    view: View, pair: ArmPair, metrics: Sequence[Metric]
) -> html.Div:
    words = view.words
    arms = [(name, view.arm_label(view.task, name)) for name in _names(view)]
    others = [(name, label) for name, label in arms if name != pair.first]
    listed = [(one.name, capital(_metric_label(view, one))) for one in metrics]
    parts = [
        choose_task(view),
        choose_level(view),
        select(view, "arm", arms, pair.first, words("arms-first")),
        select(view, "other", others, pair.second, words("arms-second")),
        select(
            view, "metric", listed, pair.metric.name, words("choose-metric")
        ),
    ]
    return controls(*[part for part in parts if part is not None])


def _metric_label(view: View, metric: Metric) -> str:
    return view.labels.metric_named(view.task, metric.name, metric.label)


# ----------------------------------------------------------------------------- results


def _claims(view: View, pair: ArmPair) -> Component | None:
    """The claims about these arms by this metric, which were pre-specified."""
    found = [verdict for verdict in view.verdicts if _is_about(verdict, pair)]
    if not found:
        return None
    label = html.Li(view.words("arms-claims"), className="muted")
    links = [_claim_link(view, verdict) for verdict in found]
    return html.Ul([label, *links], className="matchings")


def _is_about(verdict: ClaimVerdict, pair: ArmPair) -> bool:
    of_both = {verdict.better, verdict.worse} == {pair.first, pair.second}
    same_metric = verdict.metric == pair.metric.name
    at_level = pair.level in verdict.levels
    return verdict.task == pair.task and of_both and same_metric and at_level


def _claim_link(view: View, verdict: ClaimVerdict) -> html.Li:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    says = html.A(foreign(verdict.says, view.words.language), href=to)
    return html.Li([says, status_badge(view, verdict)])


def _difference_card(view: View, pair: ArmPair) -> html.Section:
    words = view.words
    blocks = words("blocks-of", done=len(pair.blocks), planned=pair.planned)
    ahead = sum(block.difference > 0 for block in pair.blocks)
    rows = [
        (words("arms-difference"), _amount(view, pair, pair.effect)),
        (words("fact-interval"), _interval(view, pair)),
        (words("arms-ahead"), f"{ahead} / {len(pair.blocks)}"),
        (words("findings-blocks"), blocks),
    ]
    return card(
        facts(rows), title=_title(view, pair), says=words("arms-direction")
    )


def _title(view: View, pair: ArmPair) -> str:
    first, second = (
        view.arm_label(pair.task, arm) for arm in (pair.first, pair.second)
    )
    return view.words("arms-pair", first=first, second=second)


def _unit(view: View, pair: ArmPair) -> str:
    if pair.metric.is_share:
        return view.words("unit-points")
    return pair.metric.unit


def _amount(view: View, pair: ArmPair, value: float) -> str:
    if not math.isfinite(value):
        return NONE
    written = pair_amounts(pair)
    number = written.signed(written.of_effect(value))
    return f"{number} {_unit(view, pair)}".rstrip()


def _interval(view: View, pair: ArmPair) -> str:
    written = pair_amounts(pair)
    if not all(map(math.isfinite, pair.interval)):
        return NONE
    # A t interval of a difference of shares may end beyond what is possible.
    least, most = written.possible
    low, high = pair.interval
    ends = max(low, least), min(high, most)
    low_text, high_text = (
        written.signed(written.of_effect(end)) for end in ends
    )
    return view.words("interval", low=low_text, high=high_text)


def _chart(view: View, pair: ArmPair) -> html.Section:
    words = view.words
    label = within_sentence(_metric_label(view, pair.metric))
    unit = f" ({_unit(view, pair)})" if _unit(view, pair) else ""
    axis = words("arms-axis", metric=label) + unit
    found = arm_differences(pair, axis, words)
    height = int(found["height"]) if found else 0
    return chart(
        view,
        "arm-differences",
        found,
        title=words("arms-chart"),
        says=words("arms-chart-says"),
        height=height,
    )


def _ranking(view: View, pair: ArmPair) -> html.Section | None:
    """All arms against the first one, where there are more than the two."""
    if len(_names(view)) < 3:
        return None
    ranked = ranked_of(view, pair.first, pair.metric)
    return ranking_chart(view, ranked, pair.metric)


def _blocks(view: View, pair: ArmPair) -> html.Section:
    words, metric = view.words, pair.metric
    columns = [
        words("block"),
        arm_key(view, pair.task, pair.first),
        arm_key(view, pair.task, pair.second),
        words("fact-difference"),
    ]
    rows = [
        (
            str(block.block),
            _value(block.first, metric),
            _value(block.second, metric),
            _amount(view, pair, block.difference),
        )
        for block in pair.blocks
    ]
    title = words("arms-blocks")
    body = table(columns, rows, label=title, numeric=range(4), tall=True)
    return card(body, title=title, files=saved(view, "arm-blocks"))


def _value(value: float, metric: Metric) -> str:
    if metric.is_share:
        return f"{measured_number(value, is_share=True)} %"
    return plain(value, 4)


# --------------------------------------------------------------------- hyperparameters


def _hyperparameters(view: View, pair: ArmPair, arm: str) -> pd.DataFrame:
    return chosen_hyperparameters(view.campaign, pair.task, pair.level, arm)


def _chosen(view: View, pair: ArmPair) -> html.Section:
    """The hyperparameters of each arm in each block, one arm beside the other."""
    words, title = view.words, view.words("arms-chosen")
    both = [
        (arm, _hyperparameters(view, pair, arm))
        for arm in (pair.first, pair.second)
    ]
    columns: list[Component | str] = [words("block")]
    for arm, chosen in both:
        columns += [_heading(view, pair, arm, str(name)) for name in chosen]
    # Neither arm was tuned.
    if len(columns) == 1:
        return card(
            html.P(words("arms-untuned"), className="says"), title=title
        )
    blocks = sorted(set().union(*(chosen.index for _, chosen in both)))
    rows = []
    for block in blocks:
        row = [str(block)]
        for _, chosen in both:
            row += [_setting(chosen, block, str(name)) for name in chosen]
        rows.append(row)
    body = table(
        columns, rows, label=title, numeric=range(len(columns)), tall=True
    )
    return card(
        body,
        title=title,
        says=words("arms-chosen-says"),
        files=saved(view, "arm-chosen"),
    )


def _heading(view: View, pair: ArmPair, arm: str, name: str) -> html.Span:
    return html.Span(
        [arm_key(view, pair.task, arm), html.Code(name)], className="of-arm"
    )


def _setting(chosen: pd.DataFrame, block: int, name: str) -> str:
    """A hyperparameter in one block; a dash where that block has none yet."""
    if block not in chosen.index:
        return NONE
    value: Any = chosen.loc[block, name]
    if pd.isna(value):
        return NONE
    # A bool is a number, too, and would be written as 1 or 0.
    if isinstance(value, bool | str):
        return str(value)
    return plain(float(value))
