"""What was different about the runs of two campaigns: profile, code, versions, data
and claims.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import table
from dashboard.components.text import card
from dashboard.data.snapshots import Snapshot
from dashboard.data.view import View
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.report.formatting import NONE
from suite.report.messages import translate

Difference = tuple[str, Any, Any]  # a dotted path, and both values
PARTS = ("profile", "sources", "versions", "data", "claims")
FEW_ROWS = 12  # that are shown at once
LONGEST = 160  # characters of a value; the whole text is its title
DIGEST = 64  # characters of a hash


def differences_card(view: View, other: Snapshot) -> html.Section:
    """What differs, by kind, and which tasks only one of the campaigns has."""
    words = view.words
    mine, theirs = view.campaign.manifest, other.campaign.manifest
    found = _differences(view.campaign, other.campaign)
    opened = sum(map(len, found.values())) <= FEW_ROWS
    parts = [
        _part(view, other, part, rows, opened)
        for part, rows in found.items()
        if rows
    ]
    alone = [
        *_tasks_of_one(view, mine, theirs, view.campaign.id),
        *_tasks_of_one(view, theirs, mine, other.campaign.id),
    ]
    body: list[Component] = [*alone, *parts]
    return card(
        html.Div(body or html.P(words("compare-same")), className="different"),
        title=words("compare-different"),
        says=words("compare-different-says"),
    )


def differing(
    here: Mapping[str, Any], there: Mapping[str, Any], path: str = ""
) -> Iterator[Difference]:
    """What is not equal in two nested mappings, by dotted path: leaves, and whole
    branches that one lacks (None).
    """
    # A branch that one side lacks is one line, not a line for each of its
    # fields.
    for name in dict.fromkeys([*here, *there]):
        a, b, full = (
            here.get(name),
            there.get(name),
            f"{path}.{name}" if path else str(name),
        )
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from differing(a, b, full)
        elif a != b:
            yield full, a, b


def _differences(
    here: Campaign, there: Campaign
) -> dict[str, list[Difference]]:
    """What differs in each part of the record. What belongs to a task that only one
    campaign has is left out: it could not be equal.
    """
    shared = here.manifest.tasks.keys() & there.manifest.tasks.keys()
    mine, theirs = (_parts(one, shared) for one in (here, there))
    # A level that only one has is told by its profile.
    places = mine["data"].keys() & theirs["data"].keys()
    for parts in (mine, theirs):
        parts["data"] = _only(parts["data"], places)
    return {part: list(differing(mine[part], theirs[part])) for part in PARTS}


def _parts(campaign: Campaign, tasks: Set[str]) -> dict[str, dict[str, Any]]:
    manifest = campaign.manifest
    profile = _plain(manifest, "profile")
    sources = _plain(manifest, "sources")
    return {
        "profile": {**profile, "tasks": _only(profile["tasks"], tasks)},
        "sources": _only(sources, tasks),
        "versions": _plain(manifest, "versions"),
        "data": _data(campaign.finals, tasks),
        "claims": _claims(manifest, tasks),
    }


def _plain(manifest: Manifest, name: str) -> dict[str, Any]:
    """A part of campaign.json as plain values."""
    plain = manifest.model_dump(mode="json", include={name})
    return dict(plain[name])


def _only(values: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    return {name: one for name, one in values.items() if name in names}


def _claims(manifest: Manifest, tasks: Set[str]) -> dict[str, Any]:
    # Without their history, which differs between any two campaigns of a folder.
    return {
        f"{task}.{one.claim.name}": asdict(one.claim)
        for task, told in manifest.tasks.items()
        if task in tasks
        for one in told.claims
    }


def _data(finals: pd.DataFrame, tasks: Set[str]) -> dict[str, Any]:
    """What is recorded about the data at each ``task.level``, the values joined where
    blocks differ.
    """
    found: dict[str, Any] = {}
    names = [str(name) for name in finals if str(name).startswith("data.")]
    of_tasks = finals[finals["task"].isin(tasks)]
    for (task, level), mine in of_tasks.groupby(["task", "level"], sort=True):
        told = {
            name.removeprefix("data."): mine[name].dropna().map(_text).unique()
            for name in names
        }
        found[f"{task}.{level}"] = {
            name: ", ".join(sorted(values))
            for name, values in told.items()
            if len(values)
        }
    return found


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


# ------------------------------------------------------------------ how it is shown


def _tasks_of_one(
    view: View, having: Manifest, lacking: Manifest, campaign: str
) -> Iterator[html.P]:
    """The tasks that only one of the campaigns has, in a line."""
    language = view.words.language
    labels = [
        task.in_language(language).label or name
        for name, task in having.tasks.items()
        if name not in lacking.tasks
    ]
    if labels:
        text = view.words(
            "compare-tasks-only",
            name=campaign,
            count=len(labels),
            tasks=translate("comma", language).join(labels),
        )
        yield html.P(text)


def _part(
    view: View,
    other: Snapshot,
    part: str,
    rows: Sequence[Difference],
    opened: bool,
) -> html.Details:
    words = view.words
    title = words.of("compare", part)
    columns = [words("compare-name"), view.campaign.id, other.campaign.id]
    lines = [
        (html.Code(name), _value(here), _value(there))
        for name, here, there in rows
    ]
    summary = words("compare-part", part=title, count=len(rows))
    return html.Details(
        [html.Summary(summary), table(columns, lines, label=title)],
        open=opened,
    )


def _value(value: Any) -> html.Code:
    text = written(value)
    if len(text) == DIGEST and " " not in text:
        # Digests differ at either end.
        shown = text[:12] + "…"
    elif len(text) > LONGEST:
        shown = text[:LONGEST].rstrip() + " …"
    else:
        shown = text
    return html.Code(shown, title=text[:400])


def written(value: Any) -> str:
    """A value as a profile would have it; of several, those that are set."""
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    # A claim that one campaign lacks is told by its sentence.
    if "says" in value:
        return str(value["says"])
    return ", ".join(_entries(value))


def _entries(section: Mapping[str, Any]) -> Iterator[str]:
    for name, value in section.items():
        if value is None or value == {} or value == []:
            continue
        text = written(value)
        yield (
            f"{name} = {{{text}}}"
            if isinstance(value, Mapping)
            else f"{name} = {text}"
        )
