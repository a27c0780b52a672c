"""The look: every colour, once, for light and dark. Pages use them as CSS variables,
charts by name.

A chart names a colour as ``"arm1"``, ``"text"`` or ``"supported"``, with an opacity
after a slash (``"arm1/0.18"``); the browser puts in the value of the scheme that is on,
so that switching needs no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from suite.report.charts.looks import HUES, Look, looks

Scheme = Literal["light", "dark"]

FONT = (
    "Inter, 'Noto Sans CJK SC', 'Noto Sans SC', system-ui, "
    "-apple-system, 'Segoe UI', 'PingFang SC', sans-serif"
)
VERDICTS = {
    "supported": "✓",
    "refuted": "✕",
    "no_difference": "≈",
    "inconclusive": "?",
}
UNDECIDED = {"pending": "◔", "incomplete": "◌"}  # claims without a verdict yet
STATES = {
    "done": "",
    "final": "◐",
    "tuning": "◔",
    "failed": "✕",
    "queued": "·",
}
# plotly's names, in the order of `Look.pattern`.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

# Verdicts lie apart from arms, and each from the others of its kind, for readers with
# deuteranopia and protanopia, too: tests/dashboard/test_colours.py has the distances.
TOKENS: Mapping[Scheme, Mapping[str, str]] = {
    "light": {
        "page": "#F6F7F9",
        "surface": "#FFFFFF",
        "hair": "#E4E7EB",
        "text": "#1F2329",
        "muted": "#5B6470",
        "accent": "#005E94",
        "warn": "#A34700",
        "arm1": "#0072B2",
        "arm2": "#D55E00",
        "arm3": "#41A67E",
        "arm4": "#AE3C84",
        "arm5": "#2D230E",
        "arm6": "#283FB2",
        "step1": "#340075",
        "step2": "#1D299B",
        "step3": "#06558A",
        "step4": "#00708D",
        "step5": "#118A91",
        "step6": "#16A590",
        "supported": "#176446",
        "refuted": "#B21E13",
        "no_difference": "#433171",
        "inconclusive": "#3A3D42",
    },
    "dark": {
        "page": "#121418",
        "surface": "#1B1E24",
        "hair": "#333944",
        "text": "#E8EAED",
        "muted": "#A5ADB8",
        "accent": "#7CC6F0",
        "warn": "#F2A24B",
        "arm1": "#56B4E9",
        "arm2": "#E69F00",
        "arm3": "#AEFBE4",
        "arm4": "#C21E8C",
        "arm5": "#FCE14E",
        "arm6": "#765ED6",
        "step1": "#865C7E",
        "step2": "#9F72A9",
        "step3": "#B38CD9",
        "step4": "#BEADFE",
        "step5": "#CFD4FD",
        "step6": "#EFF4FE",
        "supported": "#54D6A7",
        "refuted": "#DE7055",
        "no_difference": "#B074FA",
        "inconclusive": "#999B9E",
    },
}


def css_variables() -> str:
    """A style sheet that defines every token as ``--name``, by scheme. Paper is light
    whatever the screen is.
    """
    dark = ':root:root[data-mantine-color-scheme="dark"]'
    # The doubled :root outweighs Mantine's own rules, which are loaded later.
    rules = [_rule(":root:root", "light"), _rule(dark, "dark")]
    on_paper = _rule(f":root:root, {dark}", "light")
    return "\n".join([*rules, f"@media print {{ {on_paper} }}"])


def _rule(where: str, scheme: Scheme) -> str:
    """The rule that sets a scheme's tokens."""
    values = " ".join(
        f"--{name.replace('_', '-')}: {value};"
        for name, value in TOKENS[scheme].items()
    )
    return f"{where} {{ color-scheme: {scheme}; {values} }}"


def arm_looks(arms: Sequence[Mapping[str, Any]]) -> list[Look]:
    """The look of each arm of a task, or of each other thing with a line; the same on
    every page.
    """
    return looks([arm.get("x") for arm in arms])


def dash_of(look: Look) -> str:
    """The pattern of an arm's line, so that colour is never alone."""
    return DASHES[look.pattern]


def task_color(place: int) -> str:
    """The colour's name for the task at that place in its campaign."""
    return f"arm{place % HUES + 1}"
