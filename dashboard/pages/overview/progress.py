"""The progress of a running campaign, or why one that stopped is incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import aria, note
from dashboard.data.view import View
from dashboard.locale import Words
from suite.report.formatting import duration

STOPPED = ("stopped", "incomplete", "interrupted")


def progress(view: View) -> Component | None:
    """A note or a progress bar; None if everything is done and nothing failed."""
    name, causes = view.snapshot.state, _causes(view)
    if name in STOPPED:
        return note(_stopped(view, name), "warn")
    # What has neither stopped nor ended is under way.
    if name not in ("done", "unknown"):
        return _bar_with_numbers(view, causes)
    if causes:
        return note(view.words("progress-failures", causes=causes))
    return None


def _causes(view: View) -> str:
    """How many runs failed, by cause; empty if none did."""
    failed = dict(view.campaign.state.get("failed") or {})
    return ", ".join(
        f"{int(count)} {view.words.of('status', cause).lower()}"
        for cause, count in failed.items()
        if int(count)
    )


def _counts(state: Mapping[str, Any]) -> tuple[int, int]:
    """Recorded and planned runs."""
    return int(state.get("done") or 0), int(state.get("planned") or 0)


def _stopped(view: View, name: str) -> str:
    done, planned = _counts(view.campaign.state)
    campaign = view.campaign.manifest.name
    return view.words.of(
        "progress", name, done=done, planned=planned, name=campaign
    )


def _bar_with_numbers(view: View, causes: str) -> html.Section:
    words, state = view.words, view.campaign.state
    pieces = [
        html.Span(text) for text in (*_numbers(words, state), causes) if text
    ]
    return html.Section(
        [html.Div(pieces, className="pieces"), _bar(words, state)],
        className="card progress",
    )


def _numbers(words: Words, state: Mapping[str, Any]) -> list[str]:
    done, planned = _counts(state)
    left = state.get("seconds_left")
    # A driver sends workers some runs ahead, which wait there.
    in_flight = int(state.get("in_flight") or 0)
    running = min(in_flight, int(state.get("slots") or 0))
    return [
        words("progress-runs", done=f"{done:,}", planned=f"{planned:,}"),
        words("progress-rate", rate=f"{_runs_per_minute(state):.3g}"),
        words("progress-left", left=duration(left)) if left else "",
        words(
            "progress-in-flight", running=running, queued=in_flight - running
        ),
    ]


def _runs_per_minute(state: Mapping[str, Any]) -> float:
    started, updated = state.get("started") or 0, state.get("updated") or 0
    # A driver writes its first state when it starts.
    seconds = max(float(updated) - float(started), 1e-9)
    # Only what this driver trained: runs that it found recorded took no time
    # of its.
    return 60 * int(state.get("trained") or 0) / seconds


def _bar(words: Words, state: Mapping[str, Any]) -> html.Div:
    done, planned = _counts(state)
    percent = 100 * done / planned if planned else 0.0
    value = aria(
        label=words("progress-label"),
        valuenow=f"{percent:.0f}",
        valuemin="0",
        valuemax="100",
    )
    fill = html.I(style={"width": f"{percent:.2f}%"})
    return html.Div(fill, className="bar", role="progressbar", **value)
