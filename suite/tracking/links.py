"""Addresses of the dashboard's pages, for descriptions in MLflow."""

from __future__ import annotations

from urllib.parse import urlencode

DASHBOARD_PORT = 8050
DASHBOARD = f"http://127.0.0.1:{DASHBOARD_PORT}"
"""Where `bakeoff dashboard` is on the reader's machine, unless told otherwise."""


def campaign_link(campaign: str) -> str:
    """A link to a campaign, in Markdown, and the command that the link needs."""
    to = dashboard_link("/", campaign=campaign)
    return f"[On the dashboard]({to}) (`bakeoff dashboard`)"


def dashboard_link(path: str, **query: str) -> str:
    """The address of a dashboard's page, such as ``/claim``, for these values."""
    return f"{DASHBOARD}{path}?{urlencode(query)}"
