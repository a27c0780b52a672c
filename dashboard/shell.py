"""What stays while pages come and go: header, navigation, tools."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import (
    dcc,
    html,
)
from dash.development.base_component import Component

from dashboard import theme
from dashboard.components.controls import choice
from dashboard.components.text import aria, data, timed
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import View
from dashboard.locale import LANGUAGES, NAMES, TAGS, Words
from dashboard.pages import PAGES, title_of
from suite.errors import without_passwords
from suite.report.formatting import duration
from suite.tracking.mirror import Mirror

POLL = 4000  # milliseconds between polls of the campaign's revision


def shell_layout() -> Component:
    """What stays while pages come and go."""
    shell: Component = dmc.MantineProvider(
        defaultColorScheme="auto",
        theme={
            "fontFamily": theme.FONT,
            "primaryColor": "blue",
            "defaultRadius": "md",
            "components": {
                # A shadow would make the menus the only raised parts of the
                # page.
                "Select": {
                    "defaultProps": {"comboboxProps": {"shadow": "none"}}
                }
            },
        },
        children=[
            *_stores(),
            html.A(
                "Skip to content", href="#main", className="skip", id="skip"
            ),
            _header(),
            html.Nav(id="nav", **aria(label="Pages")),
            _banner(),
            _held_news(),
            html.Main(
                html.Div(className="loading", **aria(hidden="true")),
                id="main",
                tabIndex=-1,
            ),
        ],
    )
    return shell


def _stores() -> list[Component]:
    """What callbacks pass on to each other, unseen."""
    names = ("shown", "etag", "news", "head", "changes", "scheme-now")
    sinks = ("options", "head", "copy", "picture", "columns")
    return [
        # With refresh, a link would load the whole application again.
        dcc.Location(id="url", refresh=False),
        dcc.Interval(id="pulse", interval=POLL),
        *(dcc.Store(id=name) for name in names),
        dcc.Store(id="tokens", data=dict(theme.TOKENS)),
        *(dcc.Store(id=f"sink-{name}") for name in sinks),
    ]


def _header() -> Component:
    """The campaign, and tools; pages fill in what depends on the language."""
    bars = [html.I(), html.I(), html.I()]
    menu = aria(label="Menu", expanded="false", controls="nav")
    logo = html.Span("◧", className="logo", **aria(hidden="true"))
    # The header is laid out once, before the language is known: it speaks
    # both.
    pause = "Pause updates / 暂停更新"
    return html.Header(
        [
            html.Button(bars, id="burger", n_clicks=0, **menu),
            html.A([logo, "Bakeoff"], href="/", className="brand"),
            html.Div(id="about", className="about"),
            html.Button(
                "⏸",
                id="pause",
                n_clicks=0,
                className="button",
                title=pause,
                **aria(label=pause, pressed="false"),
            ),
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
    )


def _banner() -> Component:
    """The banner above the page while the server does not answer: the browser shows it
    by itself, so it has the words of every language.
    """
    words = {
        name: Words(name)("lost-since", when="{when}") for name in LANGUAGES
    }
    return html.Div(
        id="banner",
        className="banner",
        hidden=True,
        role="alert",
        **data(**words),
    )


def _held_news() -> Component:
    """The button that shows what waits because its reader is in the middle of
    something, in every language, as the banner.
    """
    texts = {}
    for name in LANGUAGES:
        words = Words(name)
        texts[name] = words("held", count="{count}")
        texts[f"{name}-none"] = words("held-none")
    # A region of its own: screen readers tell what appears within.
    return html.Div(
        html.Button(
            id="held", hidden=True, className="button", **data(**texts)
        ),
        role="status",
        className="held-place",
    )


def navigation_bar(
    path: str, place: Mapping[str, str], words: Words
) -> list[Component]:
    """Links to all pages, which take along the ``place``: campaign, task and level."""
    links = []
    for page in PAGES:
        here = aria(current="page") if path == page.PATH else {}
        to = page.PATH + tail_of(place)
        # Plain links, which the browser also opens in a new tab; a script
        # turns ordinary clicks into page changes without a reload.
        links.append(html.Li(html.A(title_of(page, words), href=to, **here)))
    return [html.Ul(links)]


def tail_of(values: Mapping[str, str]) -> str:
    """The query string for these URL parameters, with its question mark; ""
    for none.
    """
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
    mirror = view.snapshots.mirror
    tags = [
        _synthetic_tag(view),
        _live_tag(view),
        _server(mirror, view.words) if mirror is not None else None,
        _freshness(view),
        _stale_tag(view),
    ]
    # in an element of their own: tags come and go, the menu of campaigns stays
    shown = html.Span(
        [tag for tag in tags if tag is not None], className="tags"
    )
    return [
        campaign_choice(view.snapshots, view.words, view.campaign.id),
        shown,
    ]


def campaign_choice(
    snapshots: Snapshots, words: Words, campaign: str
) -> Component:
    """The drop-down of campaigns; "" if none of them is shown."""
    names = [(name, name) for name in snapshots.results.ids()]
    found: Component = choice(words, "campaign", names, campaign, "", 220)
    return found


def _synthetic_tag(view: View) -> Component | None:
    if not view.snapshot.synthetic:
        return None
    words = view.words
    return html.Span(
        words("synthetic"),
        className="tag synthetic",
        title=words("synthetic-says"),
    )


def _live_tag(view: View) -> Component | None:
    """How far a running campaign is, and how long it has to go."""
    if view.snapshot.state != "running":
        return None
    words, state = view.words, view.campaign.state
    done, planned = (
        f"{int(state.get(key) or 0):,}" for key in ("done", "planned")
    )
    left = state.get("seconds_left")
    more = f" · {words('progress-left', left=duration(left))}" if left else ""
    text = words("live", done=done, planned=planned)
    share = int(state.get("done") or 0) / max(
        int(state.get("planned") or 0), 1
    )
    # on the dot, which is sent with what surrounds it: browsers put it into the title
    percent = data(percent=f"{100 * share:.0f}")
    dot = html.I(className="dot", **aria(hidden="true"), **percent)
    return html.Span([dot, text, more], className="tag live")


def _freshness(view: View) -> Component | None:
    """When the campaign last said how it is."""
    updated, mirror = view.campaign.state.get("updated"), view.snapshots.mirror
    # A server that does not answer is told next to this, with its own time.
    if not updated or (mirror is not None and mirror.trouble):
        return None
    text = timed(view.words, "fresh", float(updated))
    return html.Span(text, className="fresh muted num")


def _stale_tag(view: View) -> Component | None:
    problem = view.snapshot.problem
    if not problem:
        return None
    return html.Span(view.words("stale"), className="tag warn", title=problem)


def _server(mirror: Mirror, words: Words) -> Component:
    """Where the results come from, and how old they are where that server is away."""
    if mirror.fetched is None and not mirror.trouble:
        return html.Span(words("server-fetching"), className="tag")
    if mirror.fetched is None:
        text: Any = words("server-away-never")
        return html.Span(text, className="tag warn", title=mirror.trouble)
    if mirror.trouble:
        age = duration(time.time() - mirror.fetched)
        text = timed(words, "server-away", mirror.fetched, age=age)
        return html.Span(text, className="tag warn", title=mirror.trouble)
    says = words("server-from-says", server=without_passwords(mirror.uri))
    return html.Span(words("server-from"), className="tag", title=says)
