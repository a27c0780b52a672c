"""Two campaigns side by side: a claim that waits for blocks has no verdict yet."""

from dataclasses import replace

import pytest
from dash import html

from dashboard.data.view import view_of
from dashboard.pages import compare


@pytest.fixture
def view(snapshots):
    """The running campaign beside the finished one."""
    running, finished = snapshots.results.ids()
    return view_of(
        snapshots, "/compare", f"?campaign={running}&with={finished}"
    )


def names(component):
    """The classes of all of its spans."""
    spans = [
        one for one in component._traverse() if isinstance(one, html.Span)
    ]
    return " ".join(
        getattr(one, "className", None) or "" for one in spans
    ).split()


def test_a_claim_that_waits_for_blocks_is_pending_and_not_inconclusive(view):
    waiting = [one for one in view.verdicts if not one.complete]

    shown = compare.layout(view)

    assert waiting
    assert names(shown).count("undecided") == len(waiting)


def test_a_verdict_against_none_yet_is_no_change(view):
    verdict = view.verdicts[0]
    supported = replace(verdict, complete=True, verdict="supported")
    refuted = replace(supported, verdict="refuted")
    waiting = replace(refuted, complete=False)

    assert compare._moved((supported, refuted))
    assert not compare._moved((supported, waiting))
    assert not compare._moved((supported, supported))
    assert not compare._moved((supported, None))
