"""The pages, in the order of the navigation. Each has PATH, TITLE, ``layout(view)`` and, with charts, ``frames``."""

from dashboard.pages import curves, overview

PAGES = (overview, curves)
