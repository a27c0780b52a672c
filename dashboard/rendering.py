"""From an address to what the browser shows: the page, and header and navigation
around it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

from dash import html, no_update
from dash.development.base_component import Component

from dashboard.components.terms import complete
from dashboard.components.text import (
    action,
    coded,
    command,
    empty,
    glyph,
    timed,
)
from dashboard.data.snapshots import Snapshots, Unreadable
from dashboard.data.view import STICKY, View, language_of, read_query, view_of
from dashboard.live import Change, changes, give_places
from dashboard.locale import TAGS, Words
from dashboard.pages import page_at, title_of
from dashboard.shell import (
    about_panel,
    campaign_choice,
    navigation_bar,
    tail_of,
    tools_bar,
)
from suite.errors import without_passwords
from suite.tracking.mirror import Mirror
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")


class Shown(TypedDict, total=False):
    """What a browser shows: the campaign and its state, which page of the server's
    cache, from which query of the address, and from how many runs it is.
    """

    campaign: str
    etag: str
    page: str
    search: str
    runs: int


class Changes(TypedDict):
    """What differs between the page that a browser shows and the newest one.

    The browser applies it to ``page`` alone, and shows what ``shown`` says once it has.
    Until then it asks again: a response that another one overtakes is lost.

    Without ``changes`` the page has to be replaced as a whole, which waits until its
    reader is not in the middle of something; ``runs`` are new.
    """

    page: str
    changes: list[Change] | None
    shown: Shown
    runs: int


class Rendered(NamedTuple):
    """All that an address shows. ``shown`` says which campaign in which state."""

    main: Component
    navigation: list[Component]
    about: list[Component]
    tools: list[Component]
    head: dict[str, str]
    shown: Shown
    skip: str
    changes: Changes | None


class _Content(NamedTuple):
    main: Component
    about: list[Component]
    place: Mapping[str, str]
    page: str = ""
    runs: int = 0


def render(snapshots: Snapshots, path: str, search: str | None) -> Rendered:
    """The page at that address. One that cannot be shown says why: nothing is raised."""
    query = read_query(search)
    words = Words(language_of(query))
    shown: Shown = {"campaign": query.get("campaign", ""), "etag": ""}
    try:
        # The state is read before the content. Should the campaign grow in
        # between, the browser holds too old a state and asks again; the other
        # way around it would miss an update.
        shown["etag"] = snapshots.etag(query.get("campaign") or None)
        content = _content(snapshots, path, search, shown["etag"])
    except UserError as error:
        content = _not_there(snapshots, path, query, error)
    # A page that fails must not take down the navigation: a reader can still
    # go to another one. The traceback is for the log only.
    except Exception:
        log.exception("page %s?%s", path, search)
        failed = empty(words("error-title"), words("error-says"))
        content = _Content(_titled("Bakeoff", failed), [], _sticky(query))
    shown["page"], shown["runs"] = content.page, content.runs
    shown["search"] = search or ""
    page = page_at(path)
    title = f"{title_of(page, words)} · Bakeoff" if page else "Bakeoff"
    return Rendered(
        content.main,
        navigation_bar(path, content.place, words),
        content.about,
        tools_bar(words),
        {"title": title, "lang": TAGS[words.language]},
        shown,
        words("skip"),
        None,
    )


def update(
    snapshots: Snapshots, new: Rendered, before: Shown, busy: bool = False
) -> tuple[Any, ...]:
    """The same for a browser that shows the page as it was ``before``: what has changed
    on it alone, and all of it where that is not enough, unless its reader is ``busy``.
    """
    page = before.get("page", "")
    # Pages of errors have no name, and are replaced whoever looks at them.
    if not page or not new.shown["page"]:
        return new
    found = _difference(snapshots, page, new)
    # All of it would shut what a busy reader has opened: they are told instead.
    if found is None and not busy:
        return new
    unchanged: dict[str, Any] = dict.fromkeys(Rendered._fields, no_update)
    sent: Changes = {
        "page": page,
        "changes": found,
        "shown": new.shown,
        "runs": new.shown["runs"] - before.get("runs", 0),
    }
    return tuple({**unchanged, "changes": sent}.values())


def _difference(
    snapshots: Snapshots, page: str, new: Rendered
) -> list[Change] | None:
    """What differs from the page of that name; None if that takes all of it."""
    held = snapshots.page(("shown", page))
    # It may have left the cache since, or have been made by a server that was
    # restarted.
    if held is None:
        return None
    main, about = held
    # The header's part is compared along with the page: both are sent
    # together.
    return changes(
        html.Div([main, html.Div(about, id="about")]),
        html.Div([new.main, html.Div(new.about, id="about")]),
    )


def _content(
    snapshots: Snapshots, path: str, search: str | None, etag: str
) -> _Content:
    view = view_of(snapshots, path, search)
    page = page_at(path)
    if page is None:
        says = view.words("error-no-page-says", path=path[:80])
        missing = _titled("Bakeoff", empty(view.words("error-no-page"), says))
        return _Content(missing, about_panel(view), view.place)
    main, key = _layout(snapshots, page, view, etag)
    # always there, so that a problem comes and goes without the page being remounted
    main = html.Div([_problem(view), main], id="with-problem")
    about = about_panel(view)
    give_places(about, "about")
    snapshots.keep_page(("shown", key), (main, about))
    runs = len(view.campaign.runs)
    return _Content(main, about, view.place, key, runs)


def _problem(view: View) -> Component:
    """What is wrong with the campaign, above what can be shown of it; hidden if nothing
    is.
    """
    snapshot = view.snapshot
    if not snapshot.problem:
        return html.P(
            id="problem", className="note warn", role="status", hidden=True
        )
    text: Any = html.Span(coded(snapshot.problem), lang="en")
    if snapshot.lost is not None:
        since = timed(view.words, "lost-since", snapshot.lost)
        text = html.Span([*since, " ", text])
    return html.P(
        [glyph("⚠"), text],
        id="problem",
        className="note warn",
        role="status",
        hidden=False,
    )


def _layout(
    snapshots: Snapshots, page: Any, view: View, etag: str
) -> tuple[Component, str]:
    """The page as it was made last, where nothing that it depends on has changed, and
    its key in the cache.
    """
    key = _key(view, etag)
    made: Component | None = snapshots.page(key)
    if made is None:
        made = page.layout(view)
        complete(made, view.words, _sticky(view.query))
        give_places(made, "page")
        came_between = (
            snapshots.etag(view.query.get("campaign") or None) != etag
        )
        if came_between:
            # It may mix two states, so nobody else gets it under this key. Its
            # own reader does, and is sent the difference at the next poll.
            key += f" until {time.monotonic_ns()}"
        snapshots.keep_page(key, made)
    return made, key


def _key(view: View, etag: str) -> str:
    """All that a page depends on, as text."""
    campaign = view.campaign
    query = sorted(view.query.items())
    # MLflow runs are counted because they are published after the record,
    # without changing the campaign's revision, and pages link to them.
    return repr(
        (etag, campaign.id, len(campaign.mlflow_runs), view.path, query)
    )


def _titled(title: str, *children: Component) -> html.Div:
    return html.Div([html.H1(title), *children])


def _sticky(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in STICKY if name in query}


# ----------------------------------------------------------------- pages that are not


def _not_there(
    snapshots: Snapshots, path: str, query: Mapping[str, str], error: UserError
) -> _Content:
    """What an address shows that names something unknown, or before there is any
    campaign.
    """
    words, place = Words(language_of(query)), _sticky(query)
    if not snapshots.results.ids():
        mirror = snapshots.mirror
        main = (
            _nothing_fetched(mirror, words) if mirror else _no_campaign(words)
        )
        return _Content(main, [], place)
    about = _about(snapshots, path, query)
    if not about:
        # A link that kept the unknown campaign would lead back to this error.
        place.pop("campaign", None)
        about = [campaign_choice(snapshots, words, _known(snapshots, query))]
    page = page_at(path)
    title, again = (
        (title_of(page, words), page.PATH) if page else ("Bakeoff", "/")
    )
    return _Content(
        _explained(error, words, title, again + tail_of(place)), about, place
    )


def _about(
    snapshots: Snapshots, path: str, query: Mapping[str, str]
) -> list[Component]:
    """The header's campaign; nothing where that is what the address has wrong."""
    try:
        return about_panel(view_of(snapshots, path, tail_of(_sticky(query))))
    except UserError:
        return []


def _known(snapshots: Snapshots, query: Mapping[str, str]) -> str:
    """The campaign that the address is about, if there is one of that id."""
    ids = snapshots.results.ids()
    named = query.get("campaign") or ids[0]
    return named if named in ids else ""


def _explained(
    error: UserError, words: Words, title: str, again: str
) -> Component:
    """What is wrong, and a link to the page without the choices that are."""
    says = html.Span(coded(str(error)), lang="en")
    way_on = html.Div(action(words("error-again"), again), className="actions")
    what = (
        "error-unreadable"
        if isinstance(error, Unreadable)
        else "error-not-there"
    )
    return _titled(title, empty(words(what), says, way_on))


def _no_campaign(words: Words) -> Component:
    """How to start one."""
    steps = html.Ol(
        [
            html.Li([command("make demo"), " ", words("none-demo")]),
            html.Li([command("bakeoff run quick"), " ", words("none-run")]),
        ]
    )
    return _titled(
        words("none-title"),
        empty(words("none-what"), words("none-says"), steps),
    )


def _nothing_fetched(mirror: Mirror, words: Words) -> Component:
    """A server that is away, or has no campaign yet."""
    server = without_passwords(mirror.uri)
    key = "server-unseen" if mirror.trouble else "server-none"
    box = empty(
        words("server-title"), words(key, server=server), _said(mirror, words)
    )
    return _titled(words("none-title"), box)


def _said(mirror: Mirror, words: Words) -> Component | None:
    if not mirror.trouble:
        return None
    # The server's own words, which may be long.
    reason = html.Code(mirror.trouble[:400], className="reason")
    return html.Details([html.Summary(words("server-said")), reason])
