"""The pages, in the order of the navigation. Each has PATH, TITLE, ``layout(view)``
and, with charts, ``frames``.
"""

from dashboard.pages import (
    claim,
    cluster,
    compare,
    curves,
    findings,
    overview,
    runs,
    samples,
    search,
    sweep,
)

PAGES = (
    overview,
    claim,
    curves,
    sweep,
    search,
    samples,
    cluster,
    compare,
    findings,
    runs,
)
