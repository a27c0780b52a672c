"""The report and the tables: all that was found, readable offline, safe whatever people
wrote, and pure.
"""

import json
import re
from html.parser import HTMLParser

import pytest

import tasks
from suite.campaign.launch import launch
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.journal import FILE
from suite.records.results import Results
from suite.report import sentences, tables
from suite.report.html.page import render
from suite.report.sentences import Labels
from suite.verdicts.judge import judge_campaign

VOID = {"br", "col", "meta"}
HOSTILE = """<script>alert(1)</script> & "x" 'y' </style> | \\ {a} 100 % $5 #1 a_b ~ ^"""
MORE_CLAIMS = [
    {
        "name": "equal",
        "says": "They are equal.",
        "kind": "equal",
        "levels": ["many"],
    },
    {
        "name": "gap",
        "says": "The gap grows.",
        "kind": "interaction",
        "scale": "log_error",
        "levels": ["few", "many"],
    },
    {
        "name": "reference",
        "says": "It reaches 60 %.",
        "kind": "threshold",
        "reference": 0.6,
        "worse": "",
        "levels": ["few"],
    },
    {
        "name": "weighed",
        "says": "Wide wins.",
        "kind": "contrast",
        "weights": {"wide": 1.0, "narrow": -1.0},
        "better": "",
        "worse": "",
        "levels": ["few"],
    },
    {
        "name": "cost",
        "says": "Wide is dearer.",
        "metric": "seconds",
        "scale": "log_ratio",
        "margin": 0.1,
        "better": "narrow",
        "worse": "wide",
        "levels": ["few"],
    },
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_source):
    """A finished campaign: two arms, two levels, three blocks, claims of every kind."""
    path = tmp_path_factory.mktemp("report")
    (path / "tiny.py").write_text(tiny_source, encoding="utf-8")
    before = dict(tasks._registry._FILES)
    tasks.load_file(path / "tiny.py")
    plan = Plan(
        Profile.model_validate(
            {
                "name": "tiny",
                "blocks": 3,
                "trials": 2,
                "root_seed": 7,
                "tasks": {"tiny": {}},
            }
        )
    )
    launch(
        plan,
        path / "results",
        executor=SerialExecutor(1, None),
        tracking_uri="none",
    )
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return path / "results" / plan.id


@pytest.fixture
def change(folder):
    """Load the campaign with its campaign.json changed for as long as the test runs."""
    path = folder / "campaign.json"
    kept = path.read_text()

    def change(edit=lambda about: None):
        about = json.loads(kept)
        edit(about)
        path.write_text(json.dumps(about))
        return Results(folder.parent).load(folder.name)

    yield change
    path.write_text(kept)


def with_more_claims(about):
    (first,) = about["tasks"]["tiny"]["claims"]
    about["tasks"]["tiny"]["claims"] += [
        {**first, **more} for more in MORE_CLAIMS
    ]


class Page(HTMLParser):
    """Reads a page, insisting that every tag is closed where it was opened."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attrs):
        self.tags.append(name)
        self.attributes += attrs
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attrs):
        self.tags.append(name)
        self.attributes += attrs

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


# -------------------------------------------------------------------------- the report


def test_a_report_needs_no_network_and_no_script(change):
    text = render(change(with_more_claims))
    page = Page(text)

    assert not {"script", "link", "img", "iframe", "object"} & {*page.tags}
    assert not re.search(r"https?:|url\((?!#)|@import|javascript:", text)
    assert all(
        value.startswith("#")
        for name, value in page.attributes
        if name in ("href", "src")
    )
    assert {
        name for name, _ in page.attributes if name.startswith("on")
    } == set()
    anchors = {value for name, value in page.attributes if name == "id"}
    assert {
        value[1:] for name, value in page.attributes if name == "href"
    } <= anchors


def test_every_claim_is_told_with_all_that_was_found(change):
    def about_sources(about):
        with_more_claims(about)
        about["tasks"]["tiny"]["claims"][0] |= {
            "source": "A lecture",
            "reported": "70 % against 60 %",
        }

    campaign = change(about_sources)
    page, verdicts = Page(render(campaign)), judge_campaign(campaign)
    labels = Labels(campaign.manifest)

    assert len(verdicts) == 6
    assert "Does width help?" in page.text
    assert "A lecture" in page.text
    assert "70 % against 60 %" in page.text
    for verdict in verdicts:
        for said in (
            verdict.says,
            sentences.sentence(verdict, labels),
            sentences.population(verdict, labels),
            *(
                sentences.gate_text(gate, verdict, labels)
                for gate in verdict.gates
            ),
        ):
            assert said in page.text
        assert (
            f"{verdict.win_rate * verdict.blocks:g} of 3 blocks" in page.text
        )
    dots = page.attributes.count(("class", "dot"))
    assert dots == sum(len(verdict.per_block) for verdict in verdicts)


def test_methods_are_those_of_the_profile(change):
    def edit(about):
        about["tasks"]["tiny"] |= {
            "looks": [2, 3],
            "half_budget_trials": 1,
            "trials": 2,
        }
        about["profile"]["sampler"] = "tpe"

    text = Page(render(change(edit))).text

    assert "repeated at most 3 times" in text
    assert "same number of tuning trials, 2," in text
    assert "Parzen" in text
    assert "root seed 7" in text
    assert "after 2 and 3 blocks" in text
    assert "Where the first 1 trials" in text
    assert "All 36 recorded runs finished." in text


def test_curves_show_training_and_what_smaller_budgets_gave(change):
    text = render(change())

    assert (
        text.count('class="curves"') == 2 * 2
    )  # levels; while training, and by budget
    assert "many: training" in text
    assert "many: best of n trials" in text


def test_the_opening_of_test_sets_is_on_record(change):
    text = Page(render(change())).text

    assert (
        "Test sets were opened 12 times, by 12 finals; none of the 24 tuning trials saw it."
        in text
    )


def test_a_tuning_trial_that_saw_the_test_set_is_not_passed_over(change):
    campaign = change()
    campaign.runs.loc[
        campaign.runs["kind"].eq("trial").idxmax(), "test_opened"
    ] = True

    assert (
        "tuning trials saw it, which they must not"
        in Page(render(campaign)).text
    )


def test_what_people_wrote_cannot_become_code(change):
    def edit(about):
        task = about["tasks"]["tiny"]
        about["profile"]["title"] = about["name"] = HOSTILE
        task |= {
            "question": HOSTILE,
            "matched": HOSTILE,
            "axis": HOSTILE,
            "sources": [HOSTILE],
        }
        for arm in (*task["arms"], *task["levels"]):
            arm["label"] = HOSTILE
        task["claims"][0] |= {
            "says": HOSTILE,
            "source": HOSTILE,
            "reported": HOSTILE,
        }
        about["versions"] = {"python": HOSTILE}
        with_more_claims(about)

    text = render(change(edit))

    assert "script" not in Page(text).tags
    assert "<script" not in text
    assert Page(text).text.count(HOSTILE) > 10


def test_rendering_changes_nothing_and_is_the_same_each_time(change, folder):
    campaign = change()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    assert render(campaign) == render(campaign)
    assert {
        path: path.stat().st_mtime_ns for path in folder.rglob("*")
    } == before


@pytest.mark.parametrize("lines", [0, 1, 20])
def test_an_unfinished_campaign_is_reported_as_such(folder, tmp_path, lines):
    copy = tmp_path / "some-id"
    copy.mkdir()
    (copy / "campaign.json").write_text((folder / "campaign.json").read_text())
    (copy / FILE).write_text(
        "".join((folder / FILE).read_text().splitlines(keepends=True)[:lines])
    )
    (copy / "state.json").write_text(
        json.dumps({"state": "stopped", "planned": 36})
    )

    text = Page(render(Results(tmp_path).load())).text

    assert f"not finished (stopped): {lines} of 36 runs are recorded" in text
    assert "so far" in text
    runs = "1 run" if lines == 1 else f"{lines} runs"
    assert re.search(rf"Size{runs} in \d+ cells, \d+ blocks", text)
    assert not re.search(r"(?<![\d,.])1 (runs|cells|blocks|times)\b", text)


# -------------------------------------------------------------------------- the tables


def test_markdown_has_a_row_per_claim_and_no_stray_markup(change):
    def edit(about):
        with_more_claims(about)
        about["tasks"]["tiny"]["claims"][0]["says"] = HOSTILE

    campaign = change(edit)
    lines = tables.markdown(
        judge_campaign(campaign), campaign.manifest
    ).splitlines()

    assert lines[0] == "### Does width help?"
    assert len(lines) == 2 + 2 + 6
    for line in lines[2:]:
        assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert "<script" not in re.sub(r"\\.", "", "\n".join(lines))
    assert re.sub(r"\\(.)", r"\1", lines[4]).startswith(
        f"| {HOSTILE} | inconclusive ("
    )


def test_latex_rows_are_whole_and_escaped(change):
    def edit(about):
        with_more_claims(about)
        about["tasks"]["tiny"]["claims"][0]["says"] = HOSTILE

    campaign = change(edit)
    text = tables.latex(judge_campaign(campaign), campaign.manifest)
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    bare = re.sub(r"\\[\\{}$&#%_]", "", text)  # without what is escaped

    assert len(rows) == 1 + 6
    assert all(len(re.findall(r"(?<!\\)&", row)) == 3 for row in rows)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert not re.search(
        r"[#^~_<>|]|[^\x00-\x7f]", bare.replace("\\usepackage", "")
    )
    assert (
        text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1
    )
