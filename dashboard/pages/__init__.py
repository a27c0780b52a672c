"""The pages, in the order of the navigation. Each has PATH, TITLE, ``layout(view)`` and, with charts, ``frames``."""

from dashboard.pages import claim, curves, overview, search, sweep, trainings

PAGES = (overview, claim, curves, sweep, search, trainings)
