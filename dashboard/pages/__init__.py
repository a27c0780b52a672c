"""The pages, in the order of the navigation. Each has PATH, TITLE, ``layout(view)``
and, with charts, ``frames``.
"""

from dashboard.pages import (
    claim,
    cluster,
    compare,
    curves,
    overview,
    samples,
    search,
    sweep,
    trainings,
)

PAGES = (overview, claim, curves, sweep, search, samples, cluster, compare, trainings)
