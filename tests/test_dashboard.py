"""The dashboard without a browser: words, colours, figures, pages, downloads, security, live state."""

import importlib.util
import io
import json
import math
import re
import socket
import string
import subprocess
import sys
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard import theme
from dashboard.app import create_app, render, serve, view_of, warm
from dashboard.downloads import evidence_path, to_csv
from dashboard.figures import rounded
from dashboard.figures.cluster import busy_seconds, joined, spans, workers
from dashboard.figures.curves import block_curves, learning_curves, mean_curves
from dashboard.figures.search import budget_chart, budgets_frame
from dashboard.figures.sweep import matched, over_blocks, sweep, to_target
from dashboard.numbers import Measuring, duration, plain
from dashboard.pages import PAGES
from dashboard.pages.compare import differing
from dashboard.pages.samples import read_table
from dashboard.pages.trainings import rows_of
from dashboard.security import policy, read_auth, safe_link
from dashboard.snapshots import Snapshots
from dashboard.view import read_query
from dashboard.words import LANGUAGES, Words
from suite.amounts import Amounts
from suite.results import Results
from tasks import UserError

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "dashboard").rglob("*.py"))
PATHS = [page.PATH for page in PAGES]
TASK = "logistic_regression"
HOSTILE = "<img src=x onerror=alert(1)>"


@cache
def synthetic():
    """The script that writes synthetic campaigns, as a module."""
    spec = importlib.util.spec_from_file_location("synthetic", ROOT / "ci" / "bench" / "synthetic.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["synthetic"] = module
    spec.loader.exec_module(module)
    return module


def small(**changes):
    return synthetic().Size(**{"blocks": 6, "trials": 3, "finals": 1, "tasks": (TASK,), **changes})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A finished campaign, and a newer one that seems to be running."""
    folder = tmp_path_factory.mktemp("results")
    synthetic().write_campaign(folder, small())
    synthetic().write_campaign(folder, small(seed=1, done=0.6))
    return folder


@pytest.fixture(scope="module")
def snapshots(root) -> Snapshots:
    found = Snapshots(Results(root))
    for name in found.results.ids():
        found.get(name)
    found.refresh()
    return found


@pytest.fixture(scope="module")
def client(root):
    app = create_app(Results(root), refresh=False)
    warm(app)
    return app.server.test_client()


def finished(snapshots: Snapshots) -> str:
    return snapshots.results.ids()[-1]


def shown(snapshots, path, search=""):
    """The page as the JSON that the browser gets."""
    return to_json(render(snapshots, path, search)[0])


# ------------------------------------------------------------------------------------------------------------ words


def test_languages_have_the_same_keys_and_gaps_to_fill():
    def gaps(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, chinese = LANGUAGES["en"], LANGUAGES["zh"]

    assert english.keys() == chinese.keys()
    assert [key for key in english if gaps(english[key]) != gaps(chinese[key])] == []
    assert all(text.strip() for words in LANGUAGES.values() for text in words.values())


def test_every_word_that_the_code_asks_for_is_there():
    asked = {key for path in SOURCES for key in re.findall(r'words\(\s*"([^"{]+)"', path.read_text(encoding="utf-8"))}

    assert asked
    assert asked - LANGUAGES["en"].keys() == set()


def test_every_verdict_state_and_status_has_words():
    from suite.job import STATUSES

    wanted = {f"verdict.{name}" for name in theme.VERDICTS} | {f"state.{name}" for name in theme.STATES}
    assert wanted | {f"status.{name}" for name in STATUSES} <= LANGUAGES["en"].keys()


# ----------------------------------------------------------------------------------------------------------- colours


def test_contrast_is_that_of_wcag():
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # a well-known near miss


@pytest.mark.parametrize("scheme", theme.TOKENS)
def test_text_and_marks_can_be_told_from_what_they_lie_on(scheme):
    tokens = theme.TOKENS[scheme]
    for name in ("text", "muted", "accent", "warn", *theme.VERDICTS):
        for ground in ("surface", "page"):
            assert theme.contrast(tokens[name], tokens[ground]) >= 4.5, (name, ground)
    for number in range(1, theme.ARMS + 1):
        assert theme.contrast(tokens[f"arm{number}"], tokens["surface"]) >= 2.99, number  # pale pink: 2.996


def test_the_style_sheet_uses_colours_of_the_theme_alone():
    sheet = (ROOT / "dashboard" / "assets" / "bakeoff.css").read_text(encoding="utf-8")
    own = set(re.findall(r"(--[\w-]+):", sheet)) | set(re.findall(r"(--[\w-]+):", theme.css_variables()))

    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= own


# ----------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "0:42"), (725, "12:05"), (11_230, "3:07:10"), (None, "–"), (math.nan, "–")]
)
def test_durations_read_like_a_clock(seconds, text):
    assert duration(seconds) == text


def test_effects_carry_sign_and_unit():
    english = Words("en")

    points, chinese = Amounts(True, False, False, 0.0), Words("zh")

    assert Measuring(points, english).full(0.032) == "+3.2 points"
    assert Measuring(points, english).full(-0.0004) == "−0.04 points"
    assert Measuring(points, english).amount(0.01) == "1 point"
    assert Measuring(points, chinese).amount(0.01) == "1 个百分点"
    assert Measuring(Amounts(False, True, False, 0.0), english).full(math.log(1.35)) == "×1.35"
    assert Measuring(Amounts(True, False, True, 0.0), english).full(0.1) == "+6.9 points per doubling"  # 10 ln 2
    assert Measuring(Amounts(True, False, False, 0.25), english).full(0.087) == "+33.7 points"  # what was promised too
    assert plain(12_345) == "12,345"


# ----------------------------------------------------------------------------------------------------------- figures


def curves_of(values: dict[str, dict[int, float]]) -> pd.DataFrame:
    """Block curves with one step: arm -> block -> value."""
    rows = [
        {"key": f"{arm}{block}", "arm": arm, "block": block, "step": 1, "epoch": 0.1, "seconds": 1.0, "value": value}
        for arm, blocks in values.items()
        for block, value in blocks.items()
    ]
    frame = pd.DataFrame(rows)
    return block_curves(frame, frame["value"])


def test_the_interval_is_students_over_blocks():
    found = mean_curves(curves_of({"a": {0: 0.5, 1: 0.7, 2: 0.9}})).iloc[0]
    half = stats.t.ppf(0.975, 2) * 0.2 / math.sqrt(3)  # the standard deviation of .5, .7, .9 is .2

    assert found["mean"] == pytest.approx(0.7)
    assert (found["low"], found["high"]) == pytest.approx((0.7 - half, 0.7 + half))
    assert found["blocks"] == 3


def test_finals_of_a_block_are_averaged_before_blocks_are():
    frame = pd.DataFrame(
        {"key": ["x", "y", "z"], "arm": "a", "block": [0, 0, 1], "step": 1, "epoch": 1.0, "seconds": 1.0}
    )
    blocks = block_curves(frame, pd.Series([0.2, 0.4, 0.9]))

    assert list(blocks["value"]) == pytest.approx([0.3, 0.9])
    assert list(blocks["finals"]) == [2, 1]


values = st.dictionaries(st.integers(0, 9), st.floats(0, 1), min_size=1)


@settings(deadline=None, max_examples=30)  # of a busy machine
@given(values, values)
def test_showing_another_arm_never_changes_the_figures_of_those_shown(mine, others):
    alone = mean_curves(curves_of({"a": mine}))
    together = mean_curves(curves_of({"a": mine, "b": others}))

    pd.testing.assert_frame_equal(alone, together[together["arm"] == "a"].reset_index(drop=True))


def drawn(spec, color):
    """All numbers that a chart draws in that colour."""

    def ink(trace):
        return {str(part.get("color", "")).split("/")[0] for part in (trace.get("line", {}), trace.get("marker", {}))}

    return [
        (trace["x"], trace["y"], trace.get("error_y", {}).get("array"), trace.get("customdata"))
        for trace in spec["traces"]
        if color in ink(trace)
    ]


@pytest.mark.parametrize("others", [1, 2, 5])
def test_no_chart_changes_what_it_draws_of_an_arm_when_others_are_shown(others):
    arms = [{"name": f"arm{number}"} for number in range(others + 1)]
    random = np.random.default_rng(0)
    cells = pd.DataFrame(
        [
            {"level": level, "arm": arm["name"], "block": block, "test.accuracy": random.random(), "parameters": 100.0}
            for arm in arms
            for level in ("small", "large")
            for block in range(3)
        ]
    )
    trials = cells[cells["level"] == "small"].assign(number=0, status="finished")
    curves = curves_of({arm["name"]: {block: random.random() for block in range(3)} for arm in arms})

    def charts(shown):
        mine = cells[cells["arm"].isin(shown)]
        means, places = over_blocks(mine, "test.accuracy"), {"small": 1.0, "large": 2.0}
        budgets = budgets_frame(trials[trials["arm"].isin(shown)], "test.accuracy", "higher")
        return [
            learning_curves(curves[curves["arm"].isin(shown)], arms, Words(), "y"),
            sweep([("y", means, {})], arms, "level", places, "arm", "x", Words()),
            matched(mine[mine["level"] == "small"], "test.accuracy", arms, "y", None, Words(), True),
            budget_chart(budgets, arms, "y", Words(), True),
        ]

    alone, together = charts(["arm0"]), charts([arm["name"] for arm in arms])
    for one, all_ in zip(alone, together, strict=True):
        assert drawn(one, "arm1")
        assert drawn(one, "arm1") == drawn(all_, "arm1")


def test_an_arm_keeps_its_colour_whoever_else_is_shown():
    arms = [{"name": "a", "label": "A"}, {"name": "b", "label": "B"}]
    both = learning_curves(curves_of({"a": {0: 0.1}, "b": {0: 0.2}}), arms, Words(), "y")
    one = learning_curves(curves_of({"b": {0: 0.2}}), arms, Words(), "y")

    def colour(spec):
        return next(trace["line"]["color"] for trace in spec["traces"] if trace.get("$label") == "B")

    assert colour(both) == colour(one) == "arm2"


def test_the_target_is_reached_where_the_curve_first_meets_it():
    curves = pd.DataFrame(
        {
            "key": ["k", "k", "k", "never"],
            "level": "l",
            "arm": "a",
            "block": [0, 0, 0, 1],
            "step": [10, 20, 30, 10],
            "seconds": [1.0, 2.0, 3.0, 1.0],
            "validation.accuracy": [0.5, 0.9, 0.8, 0.1],
        }
    )
    found = to_target(curves, "validation.accuracy", 0.8, higher=True).set_index("key")

    assert found.loc["k", "steps_to_target"] == 20
    assert math.isnan(found.loc["never", "seconds_to_target"])


def test_overlapping_trainings_on_one_worker_count_once():
    frame = pd.DataFrame({"start": [0.0, 1.0, 5.0], "length": [3.0, 1.0, 1.0]})

    assert busy_seconds(frame) == 4.0


def test_thousands_of_bars_are_joined_and_none_is_lost():
    count = 4000
    frame = pd.DataFrame(
        {
            "worker": "h:1",
            "task": ["a"] * 2000 + ["b"] * 2000,
            "status": ["finished"] * 3000 + ["crashed"] + ["finished"] * 999,
            "start": np.arange(count, dtype=float),
            "length": 1.0,
        }
    )
    bars = joined(frame)

    assert bars["count"].tolist() == [2000, 1000, 1, 999]
    assert bars["length"].sum() == count
    assert len(joined(frame.head(100))) == 100


def test_idle_share_is_measured_from_the_first_start_to_the_last_end():
    trainings = pd.DataFrame(
        {
            "worker": ["h:1", "h:2"],
            "host": "h",
            "device": "cpu",
            "task": "t",
            "status": "finished",
            "started": [100.0, 100.0],
            "ended": [110.0, 104.0],
        }
    )
    found = workers(spans(trainings)).set_index("worker")

    assert found.loc["h:1", "idle"] == 0
    assert found.loc["h:2", "idle"] == pytest.approx(0.6)


def test_numbers_that_are_not_finite_become_gaps():
    assert rounded(math.nan) is None
    assert rounded(np.float64(0.123456789)) == 0.12346


def test_what_differs_is_told_by_its_path():
    assert list(differing({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 5}})) == [
        ("a.c", 2, 5),
        ("d", 3, None),
    ]


def test_campaigns_on_other_data_are_told_apart(tmp_path):
    size = small(blocks=2)
    other = synthetic().write_campaign(tmp_path, size)
    newer = synthetic().write_campaign(tmp_path, small(blocks=2, seed=1))
    path = tmp_path / newer / "trainings.jsonl"
    path.write_text(path.read_text().replace('"fingerprint":"' + "5" * 64, '"fingerprint":"' + "6" * 64))
    page = shown(Snapshots(Results(tmp_path)), "/compare", f"?campaign={newer}&with={other}")

    assert ".fingerprint" in page
    assert "6" * 12 in page
    assert "n_train" not in page  # equal in both


def test_a_grid_that_asks_for_rows_gets_them_filtered_sorted_and_cut():
    frame = pd.DataFrame({"arm": ["a", "b", "a", "ab"], "test.accuracy": [0.1, 0.9, 0.5, 0.7]})
    request = {"startRow": 0, "endRow": 2, "sortModel": [{"colId": "test_accuracy", "sort": "desc"}]}

    whole = rows_of(frame, request)
    some = rows_of(
        frame, {**request, "filterModel": {"arm": {"filterType": "text", "type": "contains", "filter": "A"}}}
    )
    above = rows_of(
        frame,
        {"filterModel": {"test_accuracy": {"filterType": "number", "type": "greaterThan", "filter": 0.6}}},
    )

    assert whole == {
        "rowData": [{"arm": "b", "test_accuracy": 0.9}, {"arm": "ab", "test_accuracy": 0.7}],
        "rowCount": 4,
    }
    assert [row["arm"] for row in some["rowData"]] == ["ab", "a"]
    assert above["rowCount"] == 2


# ------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_shows_a_finished_and_a_running_campaign(snapshots, path, language):
    for campaign in snapshots.results.ids():
        page = shown(snapshots, path, f"?campaign={campaign}&lang={language}")

        assert '"H1"' in page
        assert LANGUAGES[language]["error.title"] not in page


@pytest.mark.parametrize("done", [0.0, 0.005, 0.2])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_stands_while_little_or_nothing_is_on_record(tmp_path, path, done):
    synthetic().write_campaign(tmp_path, small(done=done))
    held = Snapshots(Results(tmp_path))
    for _ in range(2):  # before and after verdicts are judged
        page = shown(held, path)
        held.refresh()

        assert '"H1"' in page
        assert LANGUAGES["en"]["error.title"] not in page


def test_a_campaign_that_stopped_short_says_how_to_go_on(tmp_path):
    campaign = synthetic().write_campaign(tmp_path, small(done=0.5, failures=0.5))
    for state in ("stopped", "incomplete"):
        path = tmp_path / campaign / "state.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "state": state}))
        page = shown(Snapshots(Results(tmp_path)), "/")

        assert {"stopped": "bakeoff run", "incomplete": "bakeoff retry"}[state] in page


def test_hostile_names_are_children_of_plain_elements_alone(tmp_path):
    campaign = synthetic().write_campaign(tmp_path, small())
    path = tmp_path / campaign / "campaign.json"
    about = json.loads(path.read_text())
    task = about["tasks"][TASK]
    task["question"] = task["matched"] = task["axis"] = HOSTILE
    for part in (*task["arms"], *task["levels"], *task["measures"]):
        part["label"] = f"{HOSTILE}{part['name']}"
    for claim in task["claims"]:
        claim["says"] = claim["source"] = claim["against"] = HOSTILE
    path.write_text(json.dumps(about))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    for place in PATHS:
        page = json.loads(shown(held, place))

        assert HOSTILE in json.dumps(page, ensure_ascii=False) or place in ("/cluster", "/compare", "/trainings")
        assert not list(found_in(page, "Markdown"))
        links = [str(link["props"].get("href")) for link in found_in(page, "A")]
        assert not [link for link in links if not link.startswith(("/", "http://127.0.0.1:5000/", "#"))]


@pytest.mark.parametrize("path", PATHS)
def test_no_specification_is_larger_than_100_kB(snapshots, path):
    page = json.loads(shown(snapshots, path, f"?campaign={finished(snapshots)}"))

    assert all(len(json.dumps(store["props"]["data"])) < 100_000 for store in found_in(page, "Store"))


def found_in(node, kind):
    """All components of a kind in a page's JSON."""
    if isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from found_in(part, kind)


def test_the_overview_leads_to_every_claim(snapshots):
    page = shown(snapshots, "/", f"?campaign={finished(snapshots)}")
    verdicts = snapshots.get(finished(snapshots)).verdicts

    assert verdicts
    for verdict in verdicts:
        assert f"claim={verdict.claim}" in page
        assert json.dumps(verdict.sentence, ensure_ascii=False) in page


def test_the_overview_loads_no_plotly(snapshots):
    assert not list(found_in(json.loads(shown(snapshots, "/")), "Graph"))


def test_a_running_campaign_shows_its_progress(snapshots):
    page = shown(snapshots, "/", f"?campaign={snapshots.results.ids()[0]}")

    assert "progressbar" in page
    assert "of 192 trainings" in page  # 2 levels, 4 arms, 6 blocks; 3 trials and a final each


def test_a_campaign_whose_driver_is_gone_says_so(tmp_path):
    campaign = synthetic().write_campaign(tmp_path, small(done=0.5))
    held = Snapshots(Results(tmp_path))
    before, state = held.mark(), tmp_path / campaign / "state.json"
    running = render(held, "/", "")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    state.write_text(json.dumps({**json.loads(state.read_text()), "pid": gone.pid}))
    held.refresh()
    interrupted = render(held, "/", "")

    assert held.mark() != before
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
    ["?task=logistic_regresion", "?campaign=nothing-like-it", "?task=%3Cscript%3E", "?level=moon&task=" + TASK],
)
def test_an_unknown_name_in_the_address_is_explained(snapshots, search):
    page = shown(snapshots, "/curves", search)

    assert "Not in this campaign" in page


def test_a_name_with_a_slip_gets_the_nearest_one(snapshots):
    assert f"did you mean '{TASK}'?" in shown(snapshots, "/curves", "?task=logistic_regresion")


def test_an_address_nobody_knows_is_said_so(snapshots):
    assert "No such page" in shown(snapshots, "/nowhere")


def test_addresses_are_cut_to_a_sane_length():
    query = read_query("?" + "&".join(f"n{i}={'x' * 1000}" for i in range(100)))

    assert len(query) <= 40
    assert all(len(value) <= 200 for value in query.values())


# --------------------------------------------------------------------------------------------------------- live state


def test_a_snapshot_is_another_once_something_was_recorded(tmp_path):
    size = small(blocks=2, done=0.5)
    campaign = synthetic().write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    before = held.get()
    held.refresh()
    judged = held.get()
    synthetic().append(tmp_path, campaign, size, 10)
    held.refresh()

    assert before.verdicts is None
    assert judged.verdicts
    assert judged.mark != before.mark
    assert held.get().mark != judged.mark
    assert len(held.get().campaign.trainings) == len(judged.campaign.trainings) + 10


def test_a_record_that_cannot_be_read_leaves_the_last_state_and_says_so(tmp_path):
    size = small(blocks=2)
    campaign = synthetic().write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    with (tmp_path / campaign / "trainings.jsonl").open("a") as file:
        file.write('{"schema": 99}\n')
    held.refresh()

    assert "schema 99" in held.get().trouble
    assert held.get().verdicts
    assert "Not current" in to_json(render(held, "/", "")[2])


def test_a_page_that_waits_for_another_campaign_comes_anew_once_that_is_judged(tmp_path):
    for seed in (0, 1):
        synthetic().write_campaign(tmp_path, small(blocks=2, seed=seed))
    held = Snapshots(Results(tmp_path))
    newer, older = held.results.ids()
    held.get(newer)
    held.refresh()
    held.get(older)
    waiting = held.mark(newer)
    held.refresh()

    assert held.mark(newer) != waiting


def test_a_page_that_waits_for_work_is_made_anew_once_it_is_done(tmp_path):
    synthetic().write_campaign(tmp_path, small(blocks=3, trials=8))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    held._thread = threading.current_thread()  # as if the refresher ran
    working = LANGUAGES["en"]["search.working"]
    waits = render(held, "/search", "")
    again = shown(held, "/search")
    held._work()

    assert working in to_json(waits[0])
    assert working in again
    assert held.mark() != waits[5]["mark"]
    assert working not in shown(held, "/search")


def test_a_growing_campaign_is_not_judged_all_the_time(tmp_path, monkeypatch):
    size = small(blocks=2, done=0.5)
    campaign = synthetic().write_campaign(tmp_path, size)
    now, judged = [100.0], []

    def judge(found):
        now[0] += 2.0  # seconds that it takes
        judged.append(found.revision)
        return []

    monkeypatch.setattr("dashboard.snapshots.judge_campaign", judge)
    monkeypatch.setattr("dashboard.snapshots.time.monotonic", lambda: now[0])
    held = Snapshots(Results(tmp_path))
    before = len(held.get().campaign.trainings)
    for _ in range(12):  # two seconds between looks
        synthetic().append(tmp_path, campaign, size, 1)
        held.refresh()
        now[0] += 2.0

    assert len(judged) == 3  # at 0, 12 and 24 s: never for more than a fifth of the time
    assert len(held.get().campaign.trainings) == before + 12


def test_the_background_thread_judges_what_is_looked_at(tmp_path):
    synthetic().write_campaign(tmp_path, small(blocks=2))
    held = Snapshots(Results(tmp_path)).start()

    assert held.judged(seconds=60).verdicts


# ---------------------------------------------------------------------------------------------------------- downloads


def test_data_behind_a_chart_come_as_csv_and_parquet(client, snapshots):
    address = f"/data/curves/validation.{{}}?campaign={finished(snapshots)}&task={TASK}"
    csv, parquet = client.get(address.format("csv")), client.get(address.format("parquet"))

    one, other = pd.read_csv(io.BytesIO(csv.data)), pd.read_parquet(io.BytesIO(parquet.data))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
    assert list(one.columns[:3]) == ["arm", "step", "epoch"]
    assert "attachment" in csv.headers["Content-Disposition"]


@pytest.mark.parametrize("page", PAGES)
def test_every_chart_of_a_page_has_its_data(snapshots, page):
    view = view_of(snapshots, page.PATH, f"?campaign={finished(snapshots)}&task={TASK}")
    charts = [store["props"]["id"]["name"] for store in found_in(json.loads(to_json(page.layout(view))), "Store")]

    assert set(charts) <= page.frames(view).keys()


@pytest.mark.parametrize("address", ["/data/nowhere/x.csv", "/data/curves/nothing.csv", "/data/curves/validation.exe"])
def test_data_that_are_not_there_are_not_found(client, address):
    assert client.get(address).status_code == 404


def test_text_that_a_spreadsheet_would_run_is_made_inert():
    told = to_csv(pd.DataFrame({"text": ["=1+1", "fine"], "number": [-1.5, 2.0]})).decode()

    assert "'=1+1" in told
    assert "-1.5" in told  # a number may be negative


KEY = "a" * 64


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "campaign"
    (folder / "evidence" / KEY).mkdir(parents=True)
    for name in ("grid.png", "page.html", "picture.svg", "table.json"):
        (folder / "evidence" / KEY / name).write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "evidence" / KEY / "link.png").symlink_to(tmp_path / "secret.png")
    return folder


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (KEY, "page.html"),
        (KEY, "picture.svg"),
        (KEY, "missing.png"),
        (KEY, "link.png"),
        (KEY, "../../../secret.png"),
        ("..", "secret.png"),
        ("A" * 64, "grid.png"),
    ],
)
def test_nothing_but_pictures_and_tables_of_finals_is_served(kept, key, name):
    assert evidence_path(kept, key, name) is None


def test_a_picture_of_a_final_is_served(kept):
    assert evidence_path(kept, KEY, "grid.png") == (kept / "evidence" / KEY / "grid.png").resolve()


def test_files_of_the_record_come_sealed(client, snapshots):
    campaign = snapshots.get(finished(snapshots)).campaign
    path = next((campaign.folder / "evidence").rglob("*.png"))
    answer = client.get(f"/evidence/{campaign.id}/{path.parent.name}/{path.name}")

    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_report_can_be_taken_from_the_page(client, snapshots):
    answer = client.get(f"/report/{finished(snapshots)}.html")

    assert answer.text.lower().startswith("<!doctype html>")
    assert "attachment" in answer.headers["Content-Disposition"]
    links = [link["props"].get("href") for link in found_in(json.loads(shown(snapshots, "/")), "A")]
    assert f"/report/{snapshots.results.ids()[0]}.html" in links
    assert client.get("/report/nothing-like-it.html").status_code == 404


@pytest.mark.parametrize("content", ["not json", "[]", '{"columns": 3}', '{"rows": []}'])
def test_a_file_that_is_no_table_is_left_out(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")

    assert read_table(path) is None


def test_hostile_text_of_a_sample_stays_text(snapshots):
    page = json.loads(shown(snapshots, "/samples", f"?campaign={finished(snapshots)}&task={TASK}"))

    holders = [span for span in found_in(page, "Span") if span["props"].get("children") == HOSTILE]
    assert holders  # as a child of a span: text, whatever it looks like
    assert not list(found_in(page, "Markdown"))


# ----------------------------------------------------------------------------------------------------------- security


def test_the_page_runs_no_script_but_its_own(client):
    answer = client.get("/")
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))

    assert "unsafe" not in rules["script-src"]
    assert rules["script-src"].count("'sha256-") == len(
        re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", answer.text)
    )
    assert rules["frame-ancestors"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_hashes_are_those_of_the_inline_scripts():
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"  # of alert('Hello, world.');, from the CSP spec

    assert expected in policy("<script>alert('Hello, world.');</script>")
    assert "sha256" not in policy('<script src="/a.js"></script><script type="application/json">{}</script>')


def test_pages_name_no_foreign_host(client):
    text = client.get("/").text + client.get("/_dash-layout").text

    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", text)


def test_another_name_for_this_machine_is_refused(client):
    """A foreign page whose name is made to point here must not read the results."""
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost:8050"}).status_code == 200


def test_a_password_is_asked_for_where_there_is_one(root):
    guarded = create_app(Results(root), auth=("ada", "s:cret"), refresh=False).server.test_client()

    def ask(user, password):
        token = b64encode(f"{user}:{password}".encode()).decode()
        return guarded.get("/", headers={"Authorization": f"Basic {token}"}).status_code

    assert guarded.get("/").status_code == 401
    assert guarded.get("/_dash-layout").status_code == 401
    assert guarded.get("/healthz").status_code == 200
    assert ask("ada", "s:cret") == 200
    assert ask("ada", "wrong") == 401
    assert ask("eve", "s:cret") == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_other_addresses_need_a_password(host):
    with pytest.raises(UserError, match="BAKEOFF_DASHBOARD_AUTH=user:password"):
        read_auth({}, host)

    assert read_auth({"BAKEOFF_DASHBOARD_AUTH": "ada:x"}, host) == ("ada", "x")


@pytest.mark.parametrize("given", ["ada", "ada:", ":x"])
def test_half_a_password_is_no_password(given):
    with pytest.raises(UserError, match="must be user:password"):
        read_auth({"BAKEOFF_DASHBOARD_AUTH": given}, "127.0.0.1")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", None, "ftp://a.example"]
)
def test_only_web_addresses_become_links(address):
    assert safe_link(address) is None


def test_runs_are_linked_at_a_web_address_alone(root):
    with pytest.raises(UserError, match=r"--mlflow-url 'javascript:alert\(1\)' is no web address"):
        create_app(Results(root), refresh=False, mlflow_url="javascript:alert(1)")


def test_a_busy_port_is_one_clear_message_with_a_free_one(root):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} of 127\.0\.0\.1 cannot be used .*--port \d+"):
            serve(Results(root), port=port)


# --------------------------------------------------------------------------------------------------------------- load


def test_eight_viewers_at_once_get_every_page(snapshots):
    def look(number: int) -> bool:
        path = PATHS[number % len(PATHS)]
        return "could not be made" not in shown(snapshots, path, f"?campaign={finished(snapshots)}")

    with ThreadPoolExecutor(8) as viewers:
        assert all(viewers.map(look, range(2 * len(PATHS))))


def test_looking_starts_no_thread_of_its_own(root):
    before = {thread.name for thread in threading.enumerate()}
    create_app(Results(root), refresh=False)

    assert {thread.name for thread in threading.enumerate()} == before
