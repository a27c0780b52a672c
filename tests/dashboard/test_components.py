"""What pages are built from: text that React can show, names that keep their capitals."""

import json

import pytest
from dash import html

from dashboard.components.text import coded, empty, foreign
from dashboard.data.snapshots import Snapshots
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import PAGES
from dashboard.rendering import render
from suite.records.results import Results
from suite.report.formatting import within_sentence

SAYS = "Run `bakeoff retry` again."


@pytest.fixture(scope="module")
def troubled(synthetic, small, tmp_path_factory):
    """A campaign so many of whose trials failed that gates fail, judged."""
    root = tmp_path_factory.mktemp("troubled")
    synthetic.write_campaign(root, small(failures=0.5))
    held = Snapshots(Results(root))
    held.get()
    held.refresh()
    return held


def lists_in_lists(node):
    """Lists among the children of a component: React refuses to show them."""
    if isinstance(node, (list, tuple)):
        for child in node:
            if isinstance(child, (list, tuple)):
                yield child
            else:
                yield from lists_in_lists(child)
    elif getattr(node, "children", None) is not None:
        yield from lists_in_lists(node.children)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_no_page_puts_a_list_among_children(
    troubled, snapshots, path, language
):
    for held in (troubled, snapshots):
        for campaign in held.results.ids():
            content = render(
                held, path, f"?campaign={campaign}&lang={language}"
            )[0]

            assert list(lists_in_lists(content)) == []


def test_a_failed_gate_says_what_to_do(troubled):
    verdict = next(
        v for v in troubled.get().verdicts if any(g.failed for g in v.gates)
    )
    search = f"?task={verdict.task}&claim={verdict.claim}"
    page = json.dumps(
        render(troubled, "/claim", search)[0].to_plotly_json(), default=str
    )

    assert Words()("claim-hint") in page


@pytest.mark.parametrize(
    "made", [coded(SAYS), foreign(SAYS, "en"), foreign(SAYS, "zh")]
)
def test_a_command_in_a_text_is_one_child(made):
    assert isinstance(made, html.Span)
    assert "bakeoff retry" in str(made)
    assert "`" not in str(made)


def test_a_command_in_an_empty_state_looks_like_one():
    assert "Code('bakeoff retry')" in str(empty("Nothing", SAYS))


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Accuracy", "accuracy"),
        ("BLEU", "BLEU"),
        ("Fréchet distance", "Fréchet distance"),
        ("Adam's learning rate", "Adam's learning rate"),
    ],
)
def test_names_and_acronyms_keep_their_capitals(label, within):
    assert within_sentence(label) == within
