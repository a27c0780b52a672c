"""The dashboard without a browser: words, colours, pages, live state."""

import ast
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from dash import html, no_update
from dash._utils import to_json

from dashboard import theme
from dashboard.app import create_app
from dashboard.components.terms import GROUPS
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import View, read_query, view_of
from dashboard.figures.curves import AXES
from dashboard.locale import CATALOGUE, LANGUAGES, Words, key_of
from dashboard.pages import PAGES, curves, page_at, register_page
from dashboard.pages.compare.differences import PARTS, differing
from dashboard.pages.overview import choices
from dashboard.pages.runs import rows_of
from dashboard.pages.samples import read_table
from dashboard.pages.sweep import COSTS, TARGETS
from dashboard.pages.topic import quiz
from dashboard.pages.topic.diagnosis import QUESTIONS
from dashboard.rendering import render, update
from suite.records.results import Results
from suite.report.charts.looks import looks_of
from suite.report.sentences import Labels, sentence
from suite.training.job import STATUSES, Kind
from suite.verdicts.decision import Label
from suite.verdicts.diagnosis import DIAGNOSES
from suite.verdicts.judge import judge_campaign
from tasks import Text, UserError

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "dashboard").rglob("*.py"))
PATHS = [page.PATH for page in PAGES]
TASK = "logistic_regression"
HOSTILE = "<img src=x onerror=alert(1)>"


def shown(snapshots, path, search=""):
    """The page as the JSON that the browser gets."""
    return to_json(render(snapshots, path, search)[0])


def read(snapshots, path, search=""):
    """The same with Chinese characters as they are read, and without code, which has
    one language.
    """
    page = json.loads(shown(snapshots, path, search))
    for code in found_in(page, "Pre"):
        del code["props"]["children"]
    return json.dumps(page, ensure_ascii=False)


# ------------------------------------------------------------------- cells left out


@pytest.fixture(scope="module")
def partial(synthetic, small, tmp_path_factory):
    """A campaign that runs no cell beyond those that its claims need: at the second
    level of batch_size, no full batch.
    """
    root = tmp_path_factory.mktemp("partial")
    size = small(tasks=("batch_size",), trials=2, all_cells=False)
    synthetic.write_campaign(root, size)
    found = Snapshots(Results(root))
    for name in found.results.ids():
        found.get(name)
    found.refresh()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_pages_stand_where_cells_are_not_planned(partial, path, language):
    campaign = partial.get().campaign
    planned = {(cell.level, cell.arm) for cell in campaign.manifest.cells}
    task = campaign.manifest.task("batch_size")
    everywhere = set(product(task.level_names, task.arm_names))

    assert everywhere - planned
    for level, arm in everywhere:
        place = f"&task=batch_size&level={level}&arm={arm}"
        assert len(shown(partial, path, f"?lang={language}{place}")) > 100


def test_the_cells_that_are_not_planned_have_a_dash(partial):
    assert Words("en")("matrix-not-planned") in shown(partial, "/cluster")


# ------------------------------------------------------------------------------- words


# Keys that are put together from a family and a member, and the members that there are.
FAMILIES = {
    "axis": AXES,
    "axis-short": AXES,
    "band": curves.BANDS,
    "change": ("supported", "refuted", "no_difference", *theme.UNDECIDED),
    "choose": (
        "campaign",
        "task",
        "level",
        "arm",
        "measure",
        "claim",
        "kind",
        "status",
    ),
    "cluster": ("worker", "device", "runs", "alone", "idle"),
    "compare": PARTS,
    "curves": curves.SPLITS,
    "curves-axis": curves.SPLITS,
    "fact-blocks": ("for", "against", "within"),
    "findings": (
        "campaign",
        "verdict",
        "effect",
        "scale",
        "blocks",
        "note",
        "seed",
        "hardware",
        "versions",
    ),
    "glossary": tuple(GROUPS),
    "hover": AXES,
    "kind": get_args(Kind),
    "label": get_args(Label),
    "measure": (*COSTS, *TARGETS),
    "progress": ("stopped", "incomplete", "interrupted"),
    "quiz": quiz.CHOICES,
    "scale": curves.SCALES,
    "search-end": ("low", "high"),
    "smooth": curves.SMOOTH,
    "sort": choices.SORTS,
    "state": tuple(theme.STATES),
    "status": STATUSES,
    "tree": QUESTIONS,
    "tree-leaf": DIAGNOSES,
    "verdict": (*theme.VERDICTS, *theme.UNDECIDED),
}
# families whose members come from elsewhere; an unknown one has a text all the same
OPEN = ("file", "grid", "term", "term-says")


def family(key):
    """The longest open family that the key belongs to, if any."""
    return next((one for one in OPEN if key.startswith(f"{one}-")), None)


def calls():
    """The calls of ``words`` in the dashboard's code: the method, and the first
    argument where it is a literal.
    """
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).removeprefix("self.")
                first = node.args[1 if name == "timed" else 0]
                if name == "timed" and isinstance(first, ast.Constant):
                    yield "", first.value
                if re.fullmatch(r"(\w+\.)?words(\.(of|maybe))?", name):
                    method = name.rpartition("words")[2].strip(".")
                    yield (
                        method,
                        first.value
                        if isinstance(first, ast.Constant)
                        else None,
                    )


def test_languages_have_the_same_keys_and_fill_in_the_same_values():
    english, chinese = map(CATALOGUE.variables, ("en", "zh"))

    assert english.keys() == chinese.keys()
    assert {key for key in english if english[key] != chinese[key]} == set()
    assert [
        key
        for key in english
        if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", key)
    ] == []


def test_no_key_is_given_twice():
    for language in LANGUAGES:
        text = (ROOT / "dashboard" / "locale" / f"{language}.ftl").read_text(
            "utf-8"
        )
        keys = re.findall(r"(?m)^([\w-]+) =", text)

        assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_every_key_that_the_code_asks_for_is_there():
    asked = {first for method, first in calls() if method == "" and first}
    members = {
        key_of(one, name) for one, names in FAMILIES.items() for name in names
    }

    assert asked
    assert (asked | members) - CATALOGUE.codes("en") == set()


def test_every_family_of_keys_has_its_members_listed_here():
    asked = {first for method, first in calls() if method and first}

    assert asked - FAMILIES.keys() - set(OPEN) == set()


def test_no_key_is_unused():
    literals = {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    members = {
        key_of(one, name) for one, names in FAMILIES.items() for name in names
    }
    # see dashboard.locale.numbers: a claim of equality has words of its own
    of_equality = {f"{key}-equal" for key in literals}
    unused = CATALOGUE.codes("en") - literals - members - of_equality

    assert {key for key in unused if family(key) is None} == set()


def test_words_are_filled_in_with_every_value_or_raise():
    assert Words("en")("blocks-of", done=3, planned=6) == "3 of 6 blocks"
    with pytest.raises(ValueError, match="blocks-of"):
        Words("en")("blocks-of", done=3)
    with pytest.raises(KeyError):
        Words("zh")("no-such-key")


def test_chinese_pages_show_the_words_of_the_tasks_in_chinese(
    snapshots, finished
):
    about = json.loads(
        (snapshots.results.root / finished / "campaign.json").read_text()
    )
    task = about["tasks"][TASK]
    fields = ("says", "source", "reported")
    claim = next(
        one for one in task["claims"] if all(one[name] for name in fields)
    )
    page = read(
        snapshots,
        "/claim",
        f"?campaign={finished}&task={TASK}&claim={claim['name']}&lang=zh",
    )
    texts = task["translations"]["zh"]

    for field in fields:
        assert texts["claims"][claim["name"]][field] in page
        assert claim[field] not in page
    assert texts["matched"] in page
    assert texts["question"] in read(
        snapshots, "/", f"?campaign={finished}&lang=zh"
    )
    assert claim["says"] in read(snapshots, "/", f"?campaign={finished}")


def test_what_has_no_translation_is_shown_in_english(
    tmp_path, synthetic, small
):
    campaign = synthetic.write_campaign(tmp_path, small())
    path = tmp_path / campaign / "campaign.json"
    about = json.loads(path.read_text())
    for task in about["tasks"].values():
        del task["translations"]
    path.write_text(json.dumps(about))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()

    page = shown(held, "/", f"?campaign={campaign}&lang=zh")
    assert about["tasks"][TASK]["claims"][0]["says"] in page


# ----------------------------------------------------------------------------- colours


def test_the_style_sheet_uses_colours_of_the_theme_alone():
    sheet = (ROOT / "dashboard" / "assets" / "bakeoff.css").read_text(
        encoding="utf-8"
    )
    own = set(re.findall(r"(--[\w-]+):", sheet)) | set(
        re.findall(r"(--[\w-]+):", theme.css_variables())
    )

    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= own


# ------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_shows_a_finished_and_a_running_campaign(
    snapshots, path, language
):
    for campaign in snapshots.results.ids():
        page = shown(snapshots, path, f"?campaign={campaign}&lang={language}")

        assert '"H1"' in page
        assert Words(language)("error-title") not in page


@pytest.mark.parametrize("done", [0.0, 0.005, 0.2])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_stands_while_little_or_nothing_is_on_record(
    tmp_path, path, done, synthetic, small
):
    synthetic.write_campaign(tmp_path, small(done=done))
    held = Snapshots(Results(tmp_path))
    for _ in range(2):  # before and after verdicts are judged
        page = shown(held, path)
        held.refresh()

        assert '"H1"' in page
        assert Words("en")("error-title") not in page


def test_a_campaign_that_stopped_short_says_how_to_go_on(
    tmp_path, synthetic, small
):
    campaign = synthetic.write_campaign(
        tmp_path, small(done=0.5, failures=0.5)
    )
    for state in ("stopped", "incomplete"):
        path = tmp_path / campaign / "state.json"
        path.write_text(
            json.dumps({**json.loads(path.read_text()), "state": state})
        )
        page = shown(Snapshots(Results(tmp_path)), "/")

        assert {"stopped": "bakeoff run", "incomplete": "bakeoff retry"}[
            state
        ] in page


OWN_LINKS = ("/", "http://127.0.0.1:5000/", "#", "https://doi.org/")


def test_hostile_names_are_children_of_plain_elements_alone(
    tmp_path, synthetic, small
):
    campaign = synthetic.write_campaign(tmp_path, small())
    path = tmp_path / campaign / "campaign.json"
    about = json.loads(path.read_text())
    task = about["tasks"][TASK]
    task["question"] = task["matched"] = task["axis"] = HOSTILE
    for part in (*task["arms"], *task["levels"], *task["measures"]):
        part["label"] = f"{HOSTILE}{part['name']}"
    for claim in task["claims"]:
        claim["says"] = claim["source"] = claim["reported"] = HOSTILE
    path.write_text(json.dumps(about))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    for place in PATHS:
        page = json.loads(shown(held, place))

        assert HOSTILE in json.dumps(page, ensure_ascii=False) or place in (
            "/cluster",
            "/compare",
            "/glossary",
            "/runs",
            "/universes",
        )
        assert not list(found_in(page, "Markdown"))
        links = [
            str(link["props"].get("href")) for link in found_in(page, "A")
        ]
        assert not [link for link in links if not link.startswith(OWN_LINKS)]


@pytest.mark.parametrize("path", PATHS)
def test_no_specification_is_larger_than_100_kB(snapshots, path, finished):
    page = json.loads(shown(snapshots, path, f"?campaign={finished}"))

    assert all(
        len(json.dumps(store["props"]["data"])) < 100_000
        for store in found_in(page, "Store")
    )


def found_in(node, kind):
    """All components of a kind in a page's JSON."""
    if isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from found_in(part, kind)


@pytest.mark.parametrize("path", ["/curves", "/sweep", "/search", "/claim"])
def test_no_page_changes_what_it_draws_of_an_arm_when_others_are_shown(
    snapshots, finished, path
):
    snapshot = snapshots.get(finished)
    task = snapshot.campaign.manifest.task(TASK)
    arms = task.arm_names
    claim = next(claim for claim in task.tested if claim.kind == "difference")
    mine = [claim.better, claim.worse]
    query = {
        "task": TASK,
        "claim": claim.name,
        "arm": mine[0],
        "target": "0.5",
    }

    def charts(snapshot):
        view = View(snapshots, snapshot, query, Words(), path)
        stores = found_in(
            json.loads(to_json(page_at(path).layout(view))), "Store"
        )
        return {
            store["props"]["id"]["name"]: store["props"]["data"]
            for store in stores
        }

    alone, together = (
        charts(without(snapshot, set(arms) - set(mine))),
        charts(snapshot),
    )
    looks = looks_of(task)
    inks = {looks[arm].color for arm in mine} | set(theme.VERDICTS)

    assert alone
    assert alone.keys() == together.keys()
    if path == "/curves":  # of both arms together, in the colour of text
        assert alone.pop("difference") == together["difference"]
    for name, chart in alone.items():
        assert drawn(chart, inks), name
        assert drawn(chart, inks) == drawn(together[name], inks), name


def without(snapshot, arms):
    """The snapshot as it would be if these arms had never run."""
    campaign = snapshot.campaign
    runs, curves = (
        frame[~frame["arm"].isin(arms)]
        for frame in (campaign.runs, campaign.curves)
    )
    left = replace(campaign, revision="without", runs=runs, curves=curves)
    return replace(
        snapshot, campaign=left, verdicts=tuple(judge_campaign(left))
    )


def drawn(chart, inks):
    """All that a chart draws in these colours."""
    kept = ("x", "y", "error_y", "customdata", "fill")
    return [
        {name: trace.get(name) for name in kept}
        for trace in chart["traces"]
        if inks
        & {
            str(trace.get(part, {}).get("color", "")).split("/")[0]
            for part in ("line", "marker")
        }
    ]


def test_the_overview_leads_to_every_claim(snapshots, finished):
    page = shown(snapshots, "/", f"?campaign={finished}")
    verdicts = snapshots.get(finished).verdicts

    assert verdicts
    for verdict in verdicts:
        assert f"claim={verdict.claim}" in page
        assert json.dumps(verdict.says, ensure_ascii=False) in page


def test_a_claims_page_has_its_sentence(snapshots, finished):
    for verdict in snapshots.get(finished).verdicts[:3]:
        asked = (
            f"?campaign={finished}&task={verdict.task}&claim={verdict.claim}"
        )
        said = sentence(
            verdict, Labels(snapshots.get(finished).campaign.manifest)
        )
        page = shown(snapshots, "/claim", asked)
        assert json.dumps(said, ensure_ascii=False) in page


def test_the_overview_loads_no_plotly(snapshots):
    assert not list(found_in(json.loads(shown(snapshots, "/")), "Graph"))


def test_the_claim_page_teaches(snapshots, finished):
    page = shown(snapshots, "/claim", f"?campaign={finished}&task={TASK}")
    words = Words("en")

    for key in (
        "claim-change",
        "claim-source-says",
        "term-says-margin",
        "term-says-settle",
    ):
        assert words(key) in page, key


@pytest.mark.parametrize(
    ("address", "links"),
    [("http://127.0.0.1:8265", 1), ("javascript:alert(1)", 0), (None, 0)],
)
def test_rays_own_dashboard_is_a_click_away(
    synthetic, small, tmp_path, address, links
):
    campaign = synthetic.write_campaign(tmp_path, small(blocks=2))
    state = tmp_path / campaign / "state.json"
    state.write_text(
        json.dumps({**json.loads(state.read_text()), "ray_dashboard": address})
    )
    page = json.loads(shown(Snapshots(Results(tmp_path)), "/cluster"))

    assert [link["props"]["href"] for link in found_in(page, "A")].count(
        address
    ) == links


def test_where_a_translator_looked_is_a_map_of_words(snapshots, finished):
    page = json.loads(
        shown(snapshots, "/samples", f"?campaign={finished}&task={TASK}")
    )
    looks = next(
        table
        for table in found_in(page, "Table")
        if table["props"].get("className") == "looks"
    )
    squares = list(found_in(looks, "Td"))[1:]  # without the corner

    assert [
        head["props"]["children"]["props"]["children"]
        for head in found_in(looks, "Th")
    ] == (["1 twenty", "2 <b>one", "1 二十", "2 <b>一"])
    assert [(square["props"] or {}).get("title") for square in squares] == (
        [
            "1 二十 ← 1 twenty: 0.90",
            "1 二十 ← 2 <b>one: 0.10",
            None,
            None,
        ]  # 0.004 is too faint, and text no weight
    )
    assert "90%" in squares[0]["props"]["style"]["background"]


def test_a_running_campaign_shows_its_progress(snapshots, running):
    page = shown(snapshots, "/", f"?campaign={running}")

    assert "progressbar" in page
    # 3 levels, 6 arms, 6 blocks; 3 trials and a final each
    assert "of 432 runs" in page


def test_a_campaign_whose_driver_is_gone_says_so(tmp_path, synthetic, small):
    campaign = synthetic.write_campaign(tmp_path, small(done=0.5))
    held = Snapshots(Results(tmp_path))
    before, state = held.etag(), tmp_path / campaign / "state.json"
    running = render(held, "/", "")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    state.write_text(
        json.dumps({**json.loads(state.read_text()), "pid": gone.pid})
    )
    held.refresh()
    interrupted = render(held, "/", "")

    assert held.etag() != before
    assert "tag live" in to_json(running)
    assert "tag live" not in to_json(interrupted)
    assert "bakeoff run synthetic" in to_json(interrupted[0])


@pytest.mark.parametrize("path", PATHS)
def test_synthetic_results_say_so(snapshots, path):
    about = to_json(render(snapshots, path, "")[2])

    assert "Synthetic" in about


def test_without_a_campaign_every_page_says_how_to_start_one(tmp_path):
    nothing = Snapshots(Results(tmp_path))

    for path in PATHS:
        page = shown(nothing, path)
        assert "bakeoff run quick" in page
        assert "No campaign yet" in page


@pytest.mark.parametrize(
    "search",
    [
        "?task=logistic_regresion",
        "?campaign=nothing-like-it",
        "?task=%3Cscript%3E",
        "?level=moon&task=" + TASK,
    ],
)
def test_an_unknown_name_in_the_address_is_explained(snapshots, search):
    content, navigation, *_ = render(snapshots, "/curves", search)
    page, links = (json.loads(to_json(part)) for part in (content, navigation))

    assert "Nothing here by that name" in str(page)
    assert [link["props"]["href"] for link in found_in(page, "A")] == [
        "/curves"
    ]  # the way out of it
    assert not [
        link
        for link in found_in(links, "A")
        if "nothing-like-it" in link["props"]["href"]
    ]


def test_a_name_with_a_slip_gets_the_nearest_one(snapshots):
    assert f"did you mean '{TASK}'?" in shown(
        snapshots, "/curves", "?task=logistic_regresion"
    )


def test_an_address_nobody_knows_is_said_so(snapshots):
    assert "No such page" in shown(snapshots, "/nowhere")


def test_addresses_are_cut_to_a_sane_length():
    query = read_query(
        "?" + "&".join(f"n{i}={'x' * 1000}" for i in range(100))
    )

    assert len(query) <= 40
    assert all(len(value) <= 200 for value in query.values())


def test_what_differs_is_told_by_its_path():
    assert list(
        differing({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 5}})
    ) == [
        ("a.c", 2, 5),
        ("d", 3, None),
    ]


def test_campaigns_on_other_data_are_told_apart(tmp_path, synthetic, small):
    size = small(blocks=2)
    other = synthetic.write_campaign(tmp_path, size)
    newer = synthetic.write_campaign(tmp_path, small(blocks=2, seed=1))
    path = tmp_path / newer / "runs.jsonl"
    path.write_text(
        path.read_text().replace(
            '"fingerprint":"' + "5" * 64, '"fingerprint":"' + "6" * 64
        )
    )
    page = shown(
        Snapshots(Results(tmp_path)),
        "/compare",
        f"?campaign={newer}&with={other}",
    )

    assert ".fingerprint" in page
    assert "6" * 12 in page
    assert "n_train" not in page  # equal in both


def test_a_grid_that_asks_for_rows_gets_them_filtered_sorted_and_cut():
    frame = pd.DataFrame(
        {"arm": ["a", "b", "a", "ab"], "test.accuracy": [0.1, 0.9, 0.5, 0.7]}
    )
    request = {
        "startRow": 0,
        "endRow": 2,
        "sortModel": [{"colId": "test_accuracy", "sort": "desc"}],
    }

    whole = rows_of(frame, request)
    some = rows_of(
        frame,
        {
            **request,
            "filterModel": {
                "arm": {
                    "filterType": "text",
                    "type": "contains",
                    "filter": "A",
                }
            },
        },
    )
    above = rows_of(
        frame,
        {
            "filterModel": {
                "test_accuracy": {
                    "filterType": "number",
                    "type": "greaterThan",
                    "filter": 0.6,
                }
            }
        },
    )

    assert whole == {
        "rowData": [
            {"arm": "b", "test_accuracy": 0.9},
            {"arm": "ab", "test_accuracy": 0.7},
        ],
        "rowCount": 4,
    }
    assert [row["arm"] for row in some["rowData"]] == ["ab", "a"]
    assert above["rowCount"] == 2


# --------------------------------------------------------------- one more from outside


class Costs:
    """A page from outside: the seconds of each final run."""

    PATH = "/costs"
    TITLE = Text("Costs", zh="成本")

    def layout(self, view):
        frame = self.frames(view)["costs"]
        return html.Div([html.H1(view.task), html.P(f"{len(frame)} runs")])

    def frames(self, view):
        finals = view.campaign.finals
        return {"costs": finals[["task", "arm", "block"]]}


@pytest.fixture
def registered():
    """All pages; registrations last as long as the test."""
    before = [*PAGES]
    yield PAGES
    PAGES[:] = before


def test_a_page_can_be_added_from_outside(
    registered, snapshots, finished, campaigns
):
    register_page(Costs())
    query = f"?campaign={finished}"
    page = render(snapshots, "/costs", query)
    chinese = render(snapshots, "/costs", f"{query}&lang=zh")
    app = create_app(Results(campaigns), refresh=False)
    with app.server.test_client() as client:
        data = client.get(f"/data/costs/costs.csv{query}")

    assert (page.head["title"], chinese.head["title"]) == (
        "Costs · Bakeoff",
        "成本 · Bakeoff",
    )
    assert f"{len(snapshots.get(finished).campaign.finals)} runs" in to_json(
        page.main
    )
    assert "Costs" in to_json(render(snapshots, "/", query).navigation)
    assert data.text.splitlines()[0] == "task,arm,block"


def test_a_page_at_the_path_of_another_is_refused(registered):
    first = Costs()
    register_page(first)
    register_page(first)  # the same again, as a file that is loaded twice does

    assert registered.count(first) == 1
    with pytest.raises(UserError, match="a page at /costs already"):
        register_page(Costs())
    with pytest.raises(UserError, match="has no PATH: define one"):
        register_page(object())


@pytest.mark.parametrize(
    "page", [page for page in PAGES if hasattr(page, "frames")]
)
def test_every_chart_of_a_page_has_its_data(snapshots, page, finished):
    view = view_of(snapshots, page.PATH, f"?campaign={finished}&task={TASK}")
    charts = [
        store["props"]["id"]["name"]
        for store in found_in(json.loads(to_json(page.layout(view))), "Store")
    ]

    assert set(charts) <= page.frames(view).keys()


def test_hostile_text_of_a_sample_stays_text(snapshots, finished):
    page = json.loads(
        shown(snapshots, "/samples", f"?campaign={finished}&task={TASK}")
    )

    holders = [
        span
        for span in found_in(page, "Span")
        if span["props"].get("children") == HOSTILE
    ]
    assert holders  # as a child of a span: text, whatever it looks like
    assert not list(found_in(page, "Markdown"))


@pytest.mark.parametrize(
    "content", ["not json", "[]", '{"columns": 3}', '{"rows": []}']
)
def test_a_file_that_is_no_table_is_left_out(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")

    assert read_table(path) is None


# -------------------------------------------------------------------------- live state


def test_a_snapshot_is_another_once_something_was_recorded(
    tmp_path, synthetic, small
):
    size = small(blocks=2, done=0.5)
    campaign = synthetic.write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    before = held.get()
    held.refresh()
    judged = held.get()
    synthetic.append(tmp_path, campaign, size, 10)
    held.refresh()

    assert before.verdicts is None
    assert judged.verdicts
    assert judged.etag != before.etag
    assert held.get().etag != judged.etag
    assert len(held.get().campaign.runs) == len(judged.campaign.runs) + 10


def test_a_record_that_cannot_be_read_leaves_the_last_state_and_says_so(
    tmp_path, synthetic, small
):
    size = small(blocks=2)
    campaign = synthetic.write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    with (tmp_path / campaign / "runs.jsonl").open("a") as file:
        file.write('{"schema": 99}\n')
    held.refresh()

    assert "schema 99" in held.get().trouble
    assert held.get().verdicts
    assert "Not current" in to_json(render(held, "/", "")[2])


def test_a_page_that_waits_for_another_campaign_comes_anew_once_that_is_judged(
    tmp_path, synthetic, small
):
    for seed in (0, 1):
        synthetic.write_campaign(tmp_path, small(blocks=2, seed=seed))
    held = Snapshots(Results(tmp_path))
    newer, older = held.results.ids()
    held.get(newer)
    held.refresh()
    held.get(older)
    waiting = held.etag(newer)
    held.refresh()

    assert held.etag(newer) != waiting


def test_a_page_that_waits_for_work_is_made_anew_once_it_is_done(
    tmp_path, synthetic, small
):
    synthetic.write_campaign(
        tmp_path, small(blocks=3, trials=8, tasks=("batch_size",))
    )
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    held._thread = threading.current_thread()  # as if the refresher ran
    working = Words("en")("search-working")
    waits = render(held, "/search", "")
    again = shown(held, "/search")
    held._work()
    done = update(held, render(held, "/search", ""), waits.shown)

    # Only the chart comes: what stands around it is not mounted again.
    changed = [place for place, _ in done[-1]["changes"]]
    assert {"type": "spec", "name": "importance"} in changed
    assert done[0] is no_update
    assert working in to_json(waits[0])
    assert working in again
    assert held.etag() != waits[5]["etag"]
    assert working not in shown(held, "/search")


def test_a_growing_campaign_is_not_judged_all_the_time(
    tmp_path, monkeypatch, synthetic, small
):
    size = small(blocks=2, done=0.5)
    campaign = synthetic.write_campaign(tmp_path, size)
    now, judged = [100.0], []

    def judge(found, provenance):
        now[0] += 2.0  # seconds that it takes
        judged.append(found.revision)
        return []

    monkeypatch.setattr("dashboard.data.snapshots.judge_campaign", judge)
    monkeypatch.setattr(
        "dashboard.data.snapshots.time.monotonic", lambda: now[0]
    )
    held = Snapshots(Results(tmp_path))
    before = len(held.get().campaign.runs)
    for _ in range(12):  # two seconds between looks
        synthetic.append(tmp_path, campaign, size, 1)
        held.refresh()
        now[0] += 2.0

    assert (
        len(judged) == 3
    )  # at 0, 12 and 24 s: never for more than a fifth of the time
    assert len(held.get().campaign.runs) == before + 12


def test_the_background_thread_judges_what_is_looked_at(
    tmp_path, synthetic, small
):
    synthetic.write_campaign(tmp_path, small(blocks=2))
    held = Snapshots(Results(tmp_path)).start()

    assert held.judged(seconds=60).verdicts


# -------------------------------------------------------------------------------- load


def test_eight_viewers_at_once_get_every_page(snapshots, finished):
    def look(number: int) -> bool:
        path = PATHS[number % len(PATHS)]
        return "could not be made" not in shown(
            snapshots, path, f"?campaign={finished}"
        )

    with ThreadPoolExecutor(8) as viewers:
        assert all(viewers.map(look, range(2 * len(PATHS))))


def test_looking_starts_no_thread_of_its_own(campaigns):
    before = {thread.name for thread in threading.enumerate()}
    create_app(Results(campaigns), refresh=False)

    assert {thread.name for thread in threading.enumerate()} == before
