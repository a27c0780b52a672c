"""The words of the pages: all explained, in both languages, and linked from where they
stand.
"""

import json
import re
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from dash._utils import to_json

from dashboard.components.terms import MARKED, PATH, TERMS, anchor, unmarked
from dashboard.components.text import coded
from dashboard.locale import CATALOGUE, LANGUAGES, Words, key_of
from dashboard.pages import PAGES
from dashboard.rendering import render
from suite.verdicts.decision import Label

ANY_MARK = re.compile(r"\]\(")


def messages(language):
    """The text of every message, values left as they are written."""
    path = CATALOGUE.folder / f"{language}.ftl"
    return dict(
        re.findall(r"(?m)^([\w-]+) = (.*)$", path.read_text(encoding="utf-8"))
    )


def marks(text):
    return [term for _, term in MARKED.findall(text)]


def links(node):
    """The terms' links in a page's JSON."""
    if isinstance(node, dict):
        props = node.get("props", {})
        if node.get("type") == "A" and props.get("className") == "term":
            yield props
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from links(part)


def test_every_mark_is_of_a_term_and_the_same_in_both_languages():
    english, chinese = map(messages, ("en", "zh"))

    for key, text in english.items():
        assert len(ANY_MARK.findall(text)) == len(marks(text)), key
        assert sorted(marks(text)) == sorted(marks(chinese[key])), key


def test_every_term_is_explained_and_linked_from_where_it_stands():
    linked = {term for text in messages("en").values() for term in marks(text)}
    entries = {
        key for key in CATALOGUE.codes("en") if key.startswith("term-says-")
    }

    assert linked | set(get_args(Label)) == set(TERMS)
    assert entries == {key_of("term-says", term) for term in TERMS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_glossary_has_an_entry_per_term(snapshots, language):
    page = json.dumps(
        json.loads(to_json(render(snapshots, PATH, f"?lang={language}")[0])),
        ensure_ascii=False,
    )

    for term in TERMS:
        assert f'"id": "{anchor(term)}"' in page
        assert Words(language).of("term", term) in page


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_pages_link_their_words_and_show_no_marks(snapshots, finished, path):
    search = f"?campaign={finished}&lang=zh"
    page = json.loads(to_json(render(snapshots, path, search)[0]))

    assert MARKED.search(json.dumps(page)) is None
    found = list(links(page))
    assert found or path in (PATH, "/samples", "/search")
    for link in found:
        place = urlsplit(link["href"])
        assert place.path == PATH
        kept = {"campaign": [finished], "lang": ["zh"]}
        assert parse_qs(place.query) == kept
        assert place.fragment.removeprefix("term-") in TERMS
        assert link["data-says"]


def test_text_that_only_looks_like_a_mark_stays_text():
    assert coded("[0, 1](x) and a[i](j)") == "[0, 1](x) and a[i](j)"
    assert unmarked("The [blocks](block) of [x](y)") == "The blocks of [x](y)"
