"""The layers of each arm's model at the level that the page shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import table
from dashboard.components.controls import arm_key
from dashboard.components.text import card
from dashboard.data.view import View
from suite.report.formatting import NONE
from suite.report.layers import Layer, layers_by_arm

Models = Mapping[str, Sequence[Layer]]


def models_card(view: View) -> Component | None:
    """Each arm's layers behind its name; None where no model has as many parameters as
    its runs had, and while the models are being built.
    """
    models = _models(view)
    shown = {
        arm: layers
        for arm, layers in models.items()
        # The task's file may have changed since the campaign. A model of
        # another size is certainly not the one that ran.
        if layers and _total(layers) == _recorded(view, arm)
    }
    if not shown:
        return None
    words = view.words
    level = view.level_label(view.task, view.level)
    return card(
        *[_arm(view, arm, layers) for arm, layers in shown.items()],
        title=words("models-title"),
        says=words("models-says", level=level),
        id="models",
    )


def _models(view: View) -> Models:
    """The layers by arm; none until they are derived, or where the task's file cannot
    be read here.
    """
    task, level = view.task, view.level
    names = {arm["name"] for arm in view.about["arms"]}

    def derive() -> Models:
        try:
            found = layers_by_arm(task, level)
        except Exception:
            # a file of another version, or data that are not here
            return {}
        return {arm: of for arm, of in found.items() if arm in names}

    # Building a model may load data, which takes seconds.
    key = ("layers", view.campaign.id, task, level)
    found: Models = view.snapshots.compute_in_background(key, derive) or {}
    return found


def _total(layers: Sequence[Layer]) -> int:
    return sum(layer.parameters for layer in layers)


def _recorded(view: View, arm: str) -> float:
    """The number of parameters that the arm's runs had; NaN if none is recorded."""
    runs = view.campaign.runs
    if "parameters" not in runs:
        return math.nan
    mine = (runs["task"] == view.task) & (runs["level"] == view.level)
    return float(runs.loc[mine & (runs["arm"] == arm), "parameters"].max())


def _arm(view: View, arm: str, layers: Sequence[Layer]) -> html.Details:
    words = view.words
    columns = [
        words("models-layer"),
        words("models-kind"),
        words("models-shape"),
        words("models-parameters"),
    ]
    rows = [
        (
            html.Code(layer.name or NONE),
            layer.kind,
            layer.shape or NONE,
            f"{layer.parameters:,}" if layer.parameters else NONE,
        )
        for layer in layers
    ]
    total = words("models-total", count=f"{_total(layers):,}")
    label = view.arm_label(view.task, arm)
    return html.Details(
        [
            html.Summary([arm_key(view, view.task, arm), html.Small(total)]),
            table(columns, rows, label=label, numeric=(3,), tall=True),
        ],
        className="model",
    )
