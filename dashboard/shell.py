"""What stays while pages come and go: header, navigation, tools."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import (
    dcc,
    html,
)
from dash.development.base_component import Component

from dashboard import theme
from dashboard.components.controls import select
from dashboard.components.text import aria, data
from dashboard.data.view import View
from dashboard.locale import LANGUAGES, NAMES, TAGS, Words
from dashboard.locale.numbers import duration
from dashboard.pages import PAGES
from suite.tracking.connection import without_passwords
from suite.tracking.mirror import Mirror

POLL = 4000  # milliseconds between looks at the campaign's revision


def shell_layout() -> Component:
    """What stays while pages come and go."""
    shell: Component = dmc.MantineProvider(
        defaultColorScheme="auto",
        theme={
            "fontFamily": theme.FONT,
            "primaryColor": "blue",
            "defaultRadius": "md",
            "components": {
                "Select": {"defaultProps": {"comboboxProps": {"shadow": "none"}}}
            },
        },
        children=[
            dcc.Location(id="url", refresh=False),
            dcc.Interval(id="pulse", interval=POLL),
            dcc.Store(id="shown"),
            dcc.Store(id="etag"),
            dcc.Store(id="news"),
            dcc.Store(id="head"),
            dcc.Store(id="scheme-now"),
            dcc.Store(id="tokens", data=dict(theme.TOKENS)),
            *[
                dcc.Store(id=f"sink-{name}")
                for name in ("options", "head", "copy", "picture")
            ],
            html.A("Skip to content", href="#main", className="skip", id="skip"),
            html.Header(
                [
                    html.Button(
                        [html.I(), html.I(), html.I()],
                        id="burger",
                        n_clicks=0,
                        **aria(label="Menu", expanded="false", controls="nav"),
                    ),
                    html.A(
                        [
                            html.Span("◧", className="logo", **aria(hidden="true")),
                            "Bakeoff",
                        ],
                        href="/",
                        className="brand",
                    ),
                    html.Div(id="about", className="about"),
                    html.Div(id="tools", className="tools"),
                    dmc.ColorSchemeToggle(
                        id="scheme",
                        lightIcon="☀",
                        darkIcon="☾",
                        variant="default",
                        size="lg",
                        **aria(label="Light or dark / 明暗"),
                    ),
                ]
            ),
            html.Nav(id="nav", **aria(label="Pages")),
            html.Main(
                html.Div(className="loading", **aria(hidden="true")),
                id="main",
                tabIndex=-1,
            ),
        ],
    )
    return shell


def navigation_bar(
    path: str, place: Mapping[str, str], words: Words
) -> list[Component]:
    """Links to all pages, which take along the ``place``: campaign, task and level."""
    links = []
    for page in PAGES:
        here = aria(current="page") if path == page.PATH else {}
        to = page.PATH + tail_of(place)
        links.append(html.Li(html.A(words(page.TITLE), href=to, **here)))
    return [html.Ul(links)]


def tail_of(values: Mapping[str, str]) -> str:
    return f"?{urlencode(values)}" if values else ""


def tools_bar(words: Words) -> list[Component]:
    """Copy-link button and languages."""
    languages = [
        html.Button(
            NAMES[name],
            id={"type": "language", "lang": name},
            n_clicks=0,
            lang=TAGS[name],
            **aria(pressed="true" if name == words.language else "false"),
        )
        for name in LANGUAGES
    ]
    return [
        html.Button(
            words("copy"),
            id="copy",
            n_clicks=0,
            className="button",
            **data(copied=words("copied")),
        ),
        html.Div(
            languages,
            className="languages",
            role="group",
            **aria(label=words("language")),
        ),
    ]


def about_panel(view: View) -> list[Component]:
    """Which campaign is shown, and how it is."""
    words, state = view.words, view.campaign.state
    ids = view.snapshots.results.ids()
    parts: list[Component] = [
        select(
            view, "campaign", [(name, name) for name in ids], view.campaign.id, "", 220
        ),
    ]
    if view.snapshot.synthetic:
        parts.append(
            html.Span(
                words("synthetic"),
                className="tag synthetic",
                title=words("synthetic-says"),
            )
        )
    if view.snapshot.state == "running":
        left = state.get("seconds_left")
        text = words(
            "live",
            done=f"{int(state.get('done') or 0):,}",
            planned=f"{int(state.get('planned') or 0):,}",
        )
        parts.append(
            html.Span(
                [
                    html.I(className="dot", **aria(hidden="true")),
                    text,
                    f" · {words('progress-left', left=duration(left))}" if left else "",
                ],
                className="tag live",
            )
        )
    if (mirror := view.snapshots.mirror) is not None:
        parts.append(_server(mirror, words))
    if state.get("updated") and not (mirror and mirror.trouble):
        parts.append(
            html.Span(
                words("fresh", when=_when(float(state["updated"]))),
                className="fresh muted num",
            )
        )
    if view.snapshot.trouble:
        parts.append(
            html.Span(words("stale"), className="tag warn", title=view.snapshot.trouble)
        )
    return parts


def _when(seconds: float) -> str:
    """A time of day, with the date where it is not today's."""
    then, now = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)


def _server(mirror: Mirror, words: Words) -> Component:
    """Where the results come from, and how old they are where that server is away."""
    if mirror.fetched is None and not mirror.trouble:
        return html.Span(words("server-fetching"), className="tag")
    if mirror.fetched is None:
        return html.Span(
            words("server-away-never"), className="tag warn", title=mirror.trouble
        )
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(mirror.fetched))
    if mirror.trouble:
        age = duration(time.time() - mirror.fetched)
        return html.Span(
            words("server-away", when=when, age=age),
            className="tag warn",
            title=mirror.trouble,
        )
    return html.Span(
        words("server-from"),
        className="tag",
        title=words("server-from-says", server=without_passwords(mirror.uri)),
    )
