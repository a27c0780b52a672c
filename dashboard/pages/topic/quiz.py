"""Predict, then reveal: a reader says what they expect of each claim before they see
its verdict. Predicting first helps to remember what was found (Kim, Reinecke & Hullman,
"Explaining the gap", 2017). Nothing is sent: it works in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import (
    ALL,
    MATCH,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    html,
)
from dash.development.base_component import Component

from dashboard.components.text import aria, data
from dashboard.data.view import View
from suite.verdicts.claim_verdict import ClaimVerdict

CHOICES = ("supported", "no_difference", "refuted")  # what can be predicted


def score(view: View, verdicts: Sequence[ClaimVerdict]) -> html.P:
    """How many predictions came true, once there is one."""
    words = view.words
    answers = [verdict.verdict for verdict in verdicts]
    return html.P(
        words("quiz-none"),
        id="quiz-score",
        className="quiz-score",
        role="status",
        # The browser counts by itself, so it is given the answers and the
        # sentence with places for the numbers.
        **data(
            answers=",".join(answers),
            text=words("quiz-score", right="{right}", of="{of}"),
        ),
    )


def prediction(view: View, verdict: ClaimVerdict) -> Component:
    """The choice of a claim's fate."""
    words = view.words
    control: Component = dmc.RadioGroup(
        dmc.Stack(
            [
                dmc.Radio(words.of("quiz", one), value=one, size="sm")
                for one in CHOICES
            ],
            gap=4,
        ),
        id={"type": "guess", "claim": verdict.claim},
        value=None,
        **aria(label=words("quiz-of", claim=verdict.says)),
    )
    return control


def hidden_until_predicted(
    verdict: ClaimVerdict, number: int, found: Component
) -> html.Div:
    """What is shown once a prediction is made."""
    return html.Div(
        [
            html.Span("?", className="unknown", **aria(hidden="true")),
            html.Div(found),
        ],
        id={"type": f"reveal-{number}", "claim": verdict.claim},
        className="reveal",
    )


def add_callbacks(app: Dash) -> None:
    """Reveal a claim's row once it is predicted, and count."""
    # One for each cell that waits for a prediction: the verdict and the
    # effect.
    for number in range(2):
        _clientside(
            app,
            "reveal",
            Output({"type": f"reveal-{number}", "claim": MATCH}, "className"),
            Input({"type": "guess", "claim": MATCH}, "value"),
        )
    _clientside(
        app,
        "score",
        Output("quiz-score", "children"),
        Input({"type": "guess", "claim": ALL}, "value"),
        State("quiz-score", "data-answers"),
        State("quiz-score", "data-text"),
        State("quiz-score", "children"),
    )


def _clientside(app: Dash, function: str, *parts: Any) -> None:
    app.clientside_callback(ClientsideFunction("bakeoff", function), *parts)
