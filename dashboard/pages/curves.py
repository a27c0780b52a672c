"""How did each arm learn? Means over blocks with their interval, raw blocks, training
against validation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart
from dashboard.components.claimed import (
    NAME,
    claim_notes,
    claim_shown,
    difference_chart,
    difference_frame,
    measure_of,
    shows_difference,
)
from dashboard.components.controls import (
    choose_level,
    choose_task,
    controls,
    option,
    select,
)
from dashboard.components.text import head, note
from dashboard.data.view import View, capital
from dashboard.figures import MAX_TOGETHER, Spec
from dashboard.figures.curves import (
    AXES,
    GAP,
    block_curves,
    bounds_of,
    learning_curves,
    mean_curves,
    values_of,
)
from suite.report.charts.lines import common_axis
from suite.report.formatting import within_sentence

PATH, TITLE = "/curves", "curves-title"
SPLITS = ("validation", GAP, "train")
BANDS = ("both", "interval", "blocks", "none")
SCALES = ("linear", "log")
SMOOTH = ("0", "0.6", "0.9")


def layout(view: View) -> Component:
    """The curves of every arm on validation, on the training set, and the gap
    between them, with the options of how they are drawn.
    """
    view = _at_level_of_claim(view)
    words = view.words
    shown = _blocks(view)
    charts = _charts(view, shown)
    return html.Div(
        [
            head(words("curves-title"), words("curves-says")),
            _choosing(view),
            html.Div(_options(view, shown), className="options"),
            # Smoothing moves what a reader sees away from what was measured.
            note(words("curves-smoothed"), "warn")
            if view.query.get("smooth", "0") != "0"
            else None,
            *_of_claim(view, shown),
            charts[0],
            html.Div(
                charts[1:], className="grid two" if not _many(view) else ""
            ),
        ]
    )


def _choosing(view: View) -> html.Div:
    """Drop-downs for the task, its level, the measure and a claim."""
    measures = [
        (m["name"], m.get("label") or m["name"])
        for m in view.about["measures"]
    ]
    chosen = [choose_task(view), choose_level(view)]
    if len(measures) > 1:
        name, label = _measure(view)["name"], view.words("choose-measure")
        chosen.append(select(view, "measure", measures, name, label, 180))
    chosen.append(_choose_claim(view))
    return controls(*[part for part in chosen if part is not None])


def _options(view: View, shown: Mapping[str, pd.DataFrame]) -> list[Component]:
    """How curves are drawn: along what, with which band, scale and smoothing."""
    words = view.words
    # Arms that differ in batch size do not share their numbers of updates:
    # curves begin on an axis along which all arms end together.
    along = common_axis(next(iter(shown.values()))) if shown else AXES[0]
    bands = [(band, words.of("band", band)) for band in BANDS]
    weights = [(weight, words.of("smooth", weight)) for weight in SMOOTH]
    options = [
        _axis_option(view, along),
        option(view, "band", bands, words("option-band")),
        _scale_option(view, shown),
        option(view, "smooth", weights, words("option-smooth")),
    ]
    return [one for one in options if one is not None]


def _scale_option(
    view: View, shown: Mapping[str, pd.DataFrame]
) -> Component | None:
    """Linear or logarithmic; None where a logarithmic axis could not show the curves.

    UserError if the address asks for it all the same.
    """
    if not _may_be_logarithmic(view, shown):
        view.chosen("scale", SCALES[:1])
        return None
    scales = [(scale, view.words.of("scale", scale)) for scale in SCALES]
    found: Component = option(
        view, "scale", scales, view.words("option-scale")
    )
    return found


def _may_be_logarithmic(view: View, shown: Mapping[str, pd.DataFrame]) -> bool:
    """Whether values are compared by factors: those above 0 that are no shares. Equal
    distances from 80 % to 90 % and from 90 % to 100 % are what readers of an accuracy
    expect.
    """
    if _measure(view)["percent"]:
        return False
    curves = [blocks for split, blocks in shown.items() if split != GAP]
    return all((blocks["value"].dropna() > 0).all() for blocks in curves)


def _choose_claim(view: View) -> Component | None:
    """The drop-down of the claims that the curves can be looked at for."""
    if not view.about["claims"]:
        return None
    claims = [(claim["name"], claim["says"]) for claim in view.about["claims"]]
    every = ("", view.words("curves-every-arm"))
    shown = claim_shown(view)
    name = shown.name if shown else ""
    label = view.words("choose-claim")
    found: Component = select(
        view, "claim", [every, *claims], name, label, 420
    )
    return found


def _of_claim(
    view: View, shown: Mapping[str, pd.DataFrame]
) -> list[Component]:
    """The claimed difference, where curves show it, and what they do not show."""
    claim = claim_shown(view)
    if claim is None:
        return []
    notes = claim_notes(view, claim, shown)
    if not shows_difference(view, claim, shown):
        return [*notes]
    split = _split(view)
    measured = view.words.of("curves", split, measure=_measure(view)["label"])
    says = f"{capital(measured)}. {view.words('curves-difference-says')}"
    return [*notes, difference_chart(view, claim, shown, says)]


def _charts(
    view: View, shown: Mapping[str, pd.DataFrame]
) -> list[html.Section]:
    """A chart for each split, the one that the claim is about first."""
    best, first = _best_steps(view), _split(view)
    # Small multiples need the room of several rows.
    tall, low = (620, 520) if _many(view) else (400, 300)
    others = [split for split in SPLITS if split != first]
    return [
        _chart(view, first, shown, best, tall),
        *(_chart(view, split, shown, best, low) for split in others),
    ]


def validation_chart(view: View) -> Component | None:
    """The validation curves alone with their axis to choose, for other pages; None
    where none are recorded.
    """
    shown = _blocks(view)
    if "validation" not in shown:
        return None
    height = 620 if _many(view) else 400
    axis = _axis_option(view, common_axis(shown["validation"]))
    curves = _chart(view, "validation", shown, _best_steps(view), height)
    return html.Div([html.Div(axis, className="options"), curves])


def _axis_option(view: View, first: str) -> Component:
    """What curves are drawn along."""
    names = [(axis, view.words.of("axis-short", axis)) for axis in AXES]
    chosen: Component = option(view, "x", names, view.words("option-x"), first)
    return chosen


def _chart(
    view: View,
    split: str,
    shown: Mapping[str, pd.DataFrame],
    best: Mapping[str, float],
    height: int,
) -> html.Section:
    """The curves of one split; validation has marks where checkpoints were chosen."""
    marked = best if split == "validation" else {}
    label = _measure(view)["label"]
    return chart(
        view,
        split,
        _spec(view, split, shown.get(split), marked),
        title=capital(view.words.of("curves", split, measure=label)),
        says=_counted(view, shown.get(split)),
        height=height,
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Each chart's means, and under ``<chart>-blocks`` the blocks behind them."""
    view = _at_level_of_claim(view)
    found: dict[str, pd.DataFrame] = {}
    percent = bool(_measure(view)["percent"])
    shown = _blocks(view)
    for split, blocks in shown.items():
        means = mean_curves(blocks, bounds=bounds_of(percent, split))
        found |= {split: means, f"{split}-blocks": blocks}
    claim = claim_shown(view)
    if claim is not None and shows_difference(view, claim, shown):
        found[NAME] = difference_frame(view, claim, shown)
    return found


def _at_level_of_claim(view: View) -> View:
    """The view at the first level that the claim is about, unless one is chosen."""
    claim = claim_shown(view)
    if claim is None or not claim.levels or view.query.get("level"):
        return view
    query = {**view.query, "level": claim.levels[0]}
    return dataclasses.replace(view, query=query)


def _split(view: View) -> str:
    """The split that the claim is about."""
    names = [measure["name"] for measure in view.about["measures"]]
    return measure_of(claim_shown(view), names)[0]


def _measure(view: View) -> dict[str, Any]:
    names = [measure["name"] for measure in view.about["measures"]]
    _, first = measure_of(claim_shown(view), names)
    name = view.chosen("measure", names, first)
    found = next(m for m in view.about["measures"] if m["name"] == name)
    return {**found, "label": within_sentence(str(found.get("label") or name))}


def _finals(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[
        (frame["task"] == view.task)
        & (frame["level"] == view.level)
        & (frame["kind"] == "final")
    ]


def _blocks(view: View) -> dict[str, pd.DataFrame]:
    """Each split's block curves, where there are any."""
    curves = _finals(view, view.campaign.curves)
    # The axis of examples needs the size of each run's training set, which may
    # depend on the level and the arm.
    examples = (
        _finals(view, view.campaign.runs).set_index("key").get("data.n_train")
    )
    measure, found = _measure(view)["name"], {}
    for split in SPLITS:
        values = values_of(curves, measure, split)
        # A measure may be recorded on some splits only.
        if values is not None and values.notna().any():
            found[split] = block_curves(curves, values, examples)
    return found


def _best_steps(view: View) -> dict[str, float]:
    """The step at which each arm's checkpoint was chosen, the median of its finals."""
    chosen = _finals(view, view.campaign.runs).dropna(subset=["best_step"])
    steps = (
        chosen.astype({"best_step": float})
        .groupby("arm")["best_step"]
        .median()
    )
    return {str(arm): float(step) for arm, step in steps.items()}


def _spec(
    view: View,
    split: str,
    blocks: pd.DataFrame | None,
    best_steps: Mapping[str, float],
) -> Spec | None:
    if blocks is None:
        return None
    measure = _measure(view)
    title = capital(
        view.words.of("curves-axis", split, measure=measure["label"])
    )
    return learning_curves(
        blocks,
        view.about["arms"],
        view.words,
        title,
        percent=bool(measure["percent"]),
        bounds=bounds_of(bool(measure["percent"]), split),
        best_steps=best_steps,
        focus=_focus(view),
        # A gap may lie on either side of 0.
        logarithmic=split != GAP and not measure["percent"],
    )


def _focus(view: View) -> tuple[str, ...]:
    """The arms that the claim is about, as far as they have curves; none without a
    claim.
    """
    claim = claim_shown(view)
    if claim is None:
        return ()
    recorded = set(_finals(view, view.campaign.runs)["arm"])
    return tuple(arm for arm in claim.arms if arm in recorded)


def _many(view: View) -> bool:
    """Whether each arm has a panel of its own."""
    return len(view.about["arms"]) > MAX_TOGETHER and not _focus(view)


def _counted(view: View, blocks: pd.DataFrame | None) -> str:
    """How many blocks and finals are behind the lines, and that none is left out."""
    if blocks is None:
        return ""
    per_arm = blocks.groupby("arm")["block"].nunique()
    finals = int(blocks["finals"].max())
    low, high = int(per_arm.min()), int(per_arm.max())
    count = str(high) if low == high else f"{low}–{high}"
    return (
        view.words("curves-n", blocks=count, finals=finals)
        if finals > 1
        else view.words("curves-n1", blocks=count)
    )
