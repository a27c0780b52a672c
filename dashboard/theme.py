"""The look: every colour, once, for light and dark. Pages use them as CSS variables,
charts by name.

A chart names a colour as ``"arm1"``, ``"text"`` or ``"supported"``, with an opacity
after a slash (``"arm1/0.18"``); the browser puts in the value of the scheme that is on,
so that switching needs no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Scheme = Literal["light", "dark"]

FONT = (
    "Inter, 'Noto Sans CJK SC', 'Noto Sans SC', system-ui, "
    "-apple-system, 'Segoe UI', 'PingFang SC', sans-serif"
)
VERDICTS = {"supported": "✓", "refuted": "✕", "no_difference": "≈", "inconclusive": "?"}
UNDECIDED = {"pending": "◔", "incomplete": "◌"}  # claims without a verdict yet
STATES = {"done": "", "final": "◐", "tuning": "◔", "failed": "✕", "queued": "·"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
ARMS = 6  # colours; with more than four arms charts become small multiples

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
        "arm3": "#009E73",
        "arm4": "#CC79A7",
        "arm5": "#4D3800",
        "arm6": "#6E7783",
        "supported": "#00694C",
        "refuted": "#A34700",
        "no_difference": "#8A3F6B",
        "inconclusive": "#5B6470",
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
        "arm3": "#009E73",
        "arm4": "#CC79A7",
        "arm5": "#F0E442",
        "arm6": "#FFFFFF",
        "supported": "#4CD6A6",
        "refuted": "#F2A24B",
        "no_difference": "#E3A6C8",
        "inconclusive": "#A5ADB8",
    },
}


def css_variables() -> str:
    """A style sheet that defines every token as ``--name``, by scheme."""
    rules = []
    for scheme, tokens in TOKENS.items():
        values = " ".join(
            f"--{name.replace('_', '-')}: {value};" for name, value in tokens.items()
        )
        where = (
            ":root:root"
            if scheme == "light"
            else ':root:root[data-mantine-color-scheme="dark"]'
        )
        rules.append(f"{where} {{ color-scheme: {scheme}; {values} }}")
    return "\n".join(rules)


def arm_color(place: int) -> str:
    """The colour's name for the arm at that place in its task; the same on every page."""
    return f"arm{place % ARMS + 1}"


def arm_dash(place: int) -> str:
    """The line's pattern for the arm at that place, so that colour is never alone."""
    return DASHES[place % len(DASHES)]


def luminance(color: str) -> float:
    """Relative luminance of ``#RRGGBB`` as WCAG 2 defines it, 0 (black) to 1 (white)."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
