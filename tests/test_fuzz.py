"""What strangers may hand in (profiles, tasks) is taken or refused with a message: never a traceback, never a file elsewhere.

Hypothesis makes the input. ``make test`` tries the same few inputs each time;
``BAKEOFF_FUZZ=5000`` tries that many new ones of each kind, as ``ci/slow.sh`` does. What
such a search found is an ``@example``.
"""

import copy
import dataclasses
import hashlib
import io
import json
import math
import os
import socket
import tempfile
import zipfile
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import quote, urlencode

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import dashboard.rendering
import tasks
from dashboard.data.snapshots import Snapshots
from dashboard.pages import PAGES
from dashboard.server.downloads import to_csv
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, load_profile
from suite.records.cell_file import RUNS_KEY, read_cell, write_cell
from suite.records.journal import FILE, parse_line
from suite.records.manifest import FILE as MANIFEST
from suite.records.results import Results
from suite.records.run_record import run_record
from suite.records.share import (
    INDEX_FILE,
    export_campaign,
    import_bundles,
    read_bundle,
)
from suite.records.status import standing
from suite.report.html.page import render
from suite.verdicts.elsewhere import campaign_of
from suite.verdicts.judge import judge_campaign
from tasks import UserError
from tasks.contract.recipe import RECIPE_FIELDS

LONG = int(os.environ.get("BAKEOFF_FUZZ", "0"))


def tries(few: int):
    """So many inputs, always the same; in a long search many, always new. Those that
    take a second each are fewer from the start, and a tenth as many there.
    """
    many = LONG // 10 if few < 10 else LONG
    return settings(
        max_examples=max(many, few),
        derandomize=not LONG,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def taken_or_refused(use, *given):
    """Whether it was taken. A refusal has a message of its own."""
    message = None
    try:
        use(*given)
    except UserError as error:
        message = str(error)
    assert message is None or message.strip()
    return message is None


# ------------------------------------------------------------------------------- input

EDGES: list[Any] = [
    None,
    True,
    0,
    -1,
    1,
    7,
    2**63,
    10**400,
    0.5,
    -0.0,
    1e308,
    5e-324,
    "",
    " ",
    "a",
    "../../x",
    "/etc/passwd",
    "%2e%2e",
    "\x00",
    "\n",
    "𝒳​",
    "\ud800",
    "<script>",
    "=1+1",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"a": [1]}},
]


def fresh(value):
    """A copy of a list or table, which whoever draws it may change. Hypothesis draws
    again what failed, and what it draws from must be the same then.
    """
    return copy.deepcopy(value) if isinstance(value, list | dict) else value


JSON = st.one_of(
    st.sampled_from(EDGES).map(fresh),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


def test_what_is_drawn_may_be_changed_and_is_drawn_again_as_it_was():
    before = repr(EDGES)

    @tries(20)
    @given(value=JSON)
    def change(value):
        match value:
            case list():
                value.append(1)
            case dict():
                value["more"] = 1

    change()
    assert repr(EDGES) == before


def places(value, path=()):
    """The path of every value in a JSON value but its own."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        return
    for key, part in parts:
        yield (*path, key)
        yield from places(part, (*path, key))


@st.composite
def changed(draw, value, most=2):
    """A JSON value in which up to ``most`` parts are replaced, left out, doubled or
    added.
    """
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, most))):
        known = list(places(value))
        if not known:
            return value
        # long lists would otherwise get nearly all of the changes
        depth = draw(st.integers(1, max(map(len, known))))
        *path, last = draw(
            st.sampled_from([p for p in known if len(p) <= depth])
        )
        place = value
        for key in path:
            place = place[key]
        match draw(
            st.sampled_from(["replace", "replace", "delete", "add", "swap"])
        ):
            case "replace":
                place[last] = draw(JSON)
            case "delete":
                del place[last]
            case "add" if isinstance(place, dict):
                place[draw(st.text(max_size=5))] = draw(JSON)
            case "add":
                place.append(copy.deepcopy(place[last]))
            case "swap":
                other = value
                for key in draw(st.sampled_from(known)):
                    other = other[key]
                    if other is place:
                        break
                place[last] = copy.deepcopy(other)
    return value


def with_bytes_changed(content: bytes):
    """The bytes with some cut out, changed or put in."""

    def change(args):
        start, length, new = args
        return content[:start] + new + content[start + length :]

    return st.tuples(
        st.integers(0, len(content)), st.integers(0, 40), st.binary(max_size=8)
    ).map(change)


# ---------------------------------------------------------------------------- profiles

TOML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=9
)
VALUES = st.one_of(
    st.sampled_from(
        [0, 1, 2, 3, -1, 10**9, 10**18, 2**63, 10**400, 0.5, 1e-300]
    ),
    st.sampled_from(
        [math.nan, math.inf, -math.inf, True, False, "", "auto", "tpe"]
    ),
    st.sampled_from(
        [[], [2, 3], [6, 4], ["sgd"], ["lr"], [""], {}, {"steps": 3}]
    ).map(fresh),
    st.sampled_from(["../x", "logistic_regression", "a/b", "batch_size"]),
    TOML_TEXT,
    st.lists(st.integers(-3, 30) | TOML_TEXT, max_size=3),
)
NAMES = (
    st.sampled_from([*Profile.model_fields, *TaskPlan.model_fields])
    | TOML_TEXT
)
TASKS = (
    st.sampled_from(["logistic_regression", "deep_vs_wide", "momentum"])
    | TOML_TEXT
)
RECIPE = st.dictionaries(
    st.sampled_from(sorted(RECIPE_FIELDS)) | TOML_TEXT,
    VALUES,
    max_size=2,
)
PARTS = st.dictionaries(NAMES, VALUES | RECIPE, max_size=2)
PROFILES = st.fixed_dictionaries(
    {}, optional={"tasks": st.dictionaries(TASKS, PARTS, max_size=2)}
).flatmap(
    lambda table: st.dictionaries(NAMES, VALUES, max_size=3).map(
        lambda more: {**more, **table}
    )
)


def toml(value) -> str:
    """A value as TOML, tables inline."""
    match value:
        case dict():
            inside = (
                f"{json.dumps(k, ensure_ascii=False)} = {toml(v)}"
                for k, v in value.items()
            )
            return "{" + ", ".join(inside) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def toml_file(table):
    lines = [
        f"{json.dumps(key, ensure_ascii=False)} = {toml(value)}\n"
        for key, value in table.items()
    ]
    return "".join(lines)


def plan_of(path, changes=()):
    profile = load_profile(path, changes)
    Plan(profile)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@tries(60)
@given(values=PROFILES)
def test_a_profile_of_any_values_plans_or_is_refused(here, values):
    path = here / "mine.toml"
    path.write_text(toml_file(values), encoding="utf-8")

    taken_or_refused(plan_of, path)


@tries(60)
@given(
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace"))
)
@example(content=b"blocks = " + b"1" * 5000)
@example(content=b"blocks = " + b"[" * 5000)
def test_a_profile_of_any_bytes_is_refused(here, content):
    path = here / "mine.toml"
    path.write_bytes(content)

    taken_or_refused(plan_of, path)


@tries(60)
@given(
    key=st.lists(NAMES | TASKS | st.just("tasks"), max_size=4).map(".".join),
    value=VALUES.map(toml) | st.text(max_size=9),
)
@example(key="blocks", value="1" * 5000)
@example(key="blocks", value="[" * 5000)
def test_a_change_of_a_profile_is_taken_or_refused(key, value):
    taken_or_refused(load_profile, "smoke", [f"{key}={value}"])


@pytest.mark.parametrize(
    "change",
    [
        "blocks=100000000",
        "trials=100000000",
        "finals=1000000000",
        "interim_looks=[2,3000000000]",
        "threads=1000000000000",
        "tasks.batch_size.blocks=100000000",
    ],
)
def test_a_profile_too_large_to_plan_is_refused(change):
    with pytest.raises(UserError, match="give at most"):
        load_profile("smoke", [change])


# ------------------------------------------------------------------------------- tasks

SCALARS: list[Any] = [
    *EDGES,
    10**5000,
    math.nan,
    math.inf,
    -math.inf,
    np.float32("nan"),
    np.float16(0.1),
    np.int64(3),
    np.bool_(True),
    np.array(0.5),
    np.arange(3),
    torch.tensor(2),
    torch.ones(2),
    1j,
    b"bytes",
    (),
    ("a", "a"),
    (1, (2,)),
    {1: 2},
    {"lr": math.nan},
    {"lr": 10**400},
    {"lr": np.float32(0.1)},
    {"steps": 3},
    object(),
    object,
    len,
]


def field_values(known):
    """The fields of a value that is right, one or two of them replaced."""
    value = st.sampled_from(range(len(SCALARS))).map(
        lambda index: fresh(SCALARS[index])
    )
    return st.dictionaries(
        st.sampled_from(sorted(known)), value, min_size=1, max_size=2
    )


def nothing(*given):
    return None


ARMS = (tasks.Arm("one", nothing), tasks.Arm("two", nothing))
CLAIM = tasks.Claim(
    "c", "One is better.", "accuracy", better="one", worse="two", margin=0.1
)
RIGHT = {
    tasks.Float: {"low": 0.1, "high": 1.0, "log": True, "default": 0.2},
    tasks.Int: {"low": 1, "high": 9, "log": True, "default": 2},
    tasks.Categorical: {"values": (1, 2), "default": 1},
    tasks.Arm: {
        field.name: getattr(ARMS[0], field.name)
        for field in dataclasses.fields(tasks.Arm)
    },
    tasks.Level: {
        "name": "a",
        "factors": {"n": 1},
        "x": 1,
        "label": "A",
        "recipe": {},
        "space": tasks.Space(),
        "params": {},
        "heavy": False,
    },
    tasks.Recipe: {"steps": 10}
    | dict.fromkeys(
        {field.name for field in dataclasses.fields(tasks.Recipe)} - {"steps"},
        ...,
    ),
    tasks.Claim: {
        field.name: getattr(CLAIM, field.name)
        for field in dataclasses.fields(tasks.Claim)
    },
    tasks.Measure: {
        "name": "accuracy",
        "better": "higher",
        "percent": True,
        "label": "Accuracy",
    }
    | dict.fromkeys(
        {
            field.name
            for field in dataclasses.fields(tasks.Measure)
            if field.init
        }
        - {"name", "better", "percent", "label"},
        ...,
    ),
}


def make(kind, changes):
    fields = {**RIGHT[kind], **changes}
    kind(**{name: value for name, value in fields.items() if value is not ...})


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.__name__)
def test_a_part_of_a_task_takes_or_refuses_any_value(kind):
    @tries(40)
    @given(changes=field_values(RIGHT[kind]))
    def attempt(changes):
        taken_or_refused(make, kind, changes)

    attempt()


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.__name__)
def test_each_field_takes_or_refuses_each_edge(kind):
    for name, value in product(RIGHT[kind], SCALARS):
        taken_or_refused(make, kind, {name: value})


@pytest.mark.parametrize("kind", [tasks.Float, tasks.Int])
def test_a_range_that_cannot_be_written_out_is_refused(kind):
    """Python writes no number of 5,001 digits, so neither may a message."""
    with pytest.raises(UserError, match=r"low must|too long to show"):
        make(kind, {"high": 0, "default": 10**5000})
    with pytest.raises(UserError, match=r"logarithmic|too long to show"):
        make(kind, {"low": 0, "log": True, "default": 10**5000})


# ----------------------------------------------------------------------------- records


@pytest.fixture(scope="module")
def little(campaigns):
    """A campaign's manifest, state and lines of its record."""
    folder = min(campaigns.iterdir())
    text = (folder / FILE).read_text(encoding="utf-8")
    return SimpleNamespace(
        manifest=json.loads((folder / MANIFEST).read_text(encoding="utf-8")),
        state=json.loads((folder / "state.json").read_text(encoding="utf-8")),
        lines=[json.loads(line) for line in text.splitlines()],
    )


@contextmanager
def written(here, manifest, state, lines):
    """A results folder of its own with that campaign. Files that are written anew
    within a moment would look unchanged to a reader that remembers them.
    """
    with tempfile.TemporaryDirectory(dir=here) as results:
        folder = Path(results) / "given"
        folder.mkdir()
        (folder / MANIFEST).write_text(json.dumps(manifest))
        (folder / "state.json").write_text(json.dumps(state))
        texts = [json.dumps(line) + "\n" for line in lines]
        (folder / FILE).write_text("".join(texts))
        yield Path(results)


def judge_all(folder):
    """Load and judge the one campaign of a results folder."""
    results = Results(folder)
    campaign = results.load()
    standing(results, campaign.id)
    assert len(campaign.cells)
    judge_campaign(campaign)


def look_at(here, manifest, state, lines):
    with written(here, manifest, state, lines) as results:
        judge_all(results)


@tries(6)
@given(data=st.data())
def test_any_line_of_a_record_is_read_or_refused(little, here, data):
    line = data.draw(changed(little.lines[-1]))
    lines = [*little.lines[:-1], line]

    taken_or_refused(look_at, here, little.manifest, little.state, lines)


@tries(6)
@given(data=st.data())
def test_any_manifest_is_read_or_refused(little, here, data):
    manifest = data.draw(changed(little.manifest))

    taken_or_refused(look_at, here, manifest, little.state, little.lines)


@tries(6)
@given(data=st.data())
def test_any_state_is_read_or_refused(little, here, data):
    state = data.draw(changed(little.state))

    taken_or_refused(look_at, here, little.manifest, state, little.lines)


@tries(6)
@given(data=st.data())
def test_what_is_read_of_a_stranger_is_shown_and_reported(little, here, data):
    """Any page, and the report, of whatever is not refused."""
    part = data.draw(st.sampled_from(["manifest", "state", "lines"]))
    value = data.draw(changed(getattr(little, part)))
    path = data.draw(PATHS)
    with written(here, **{**vars(little), part: value}) as results:
        if taken_or_refused(judge_all, results):
            show_all(results, path)


def show_all(results, path):
    snapshots = Snapshots(Results(results))
    snapshots.get()
    snapshots.refresh()
    shows(snapshots, path, "")
    taken_or_refused(render, snapshots.get().campaign)


@tries(60)
@given(
    content=st.binary(max_size=30)
    | JSON.map(lambda value: json.dumps(value).encode())
)
@example(content=b"[" * 100_000)
@example(content=b"1" * 5000)
def test_any_bytes_as_a_line_are_refused(content):
    assert not taken_or_refused(parse_line, content, Path("runs.jsonl"), 1)


FIELDS = [
    {"block": 2**70},
    {"block": -1},
    {"best_step": 10**400},
    {"started": math.nan},
    {"ended": 10**400},
    {"metrics": {"validation.accuracy": math.inf}},
    {"metrics": {"validation.accuracy": 10**400}},
    {"metrics": {"status": 1.0}},
    {"params": {"lr": [0.1]}},
    {"data": {"n_train": {}}},
    {"worker": {"host": ["a"]}},
    {"curve": [{"step": 10**30}]},
    {"curve": [{"step": -1}]},
]


@pytest.mark.parametrize("change", FIELDS, ids=str)
def test_a_line_with_a_value_that_no_run_records_is_refused(little, change):
    line = json.dumps({**little.lines[-1], **change}).encode()

    with pytest.raises(UserError, match="line 3, is damaged"):
        parse_line(line, Path("runs.jsonl"), 3)


@pytest.mark.parametrize("value", ["x", 10**400, [1], {}])
def test_a_curve_with_a_value_that_is_no_number_is_refused(
    little, here, value
):
    line = {**little.lines[-1], "curve": [{"step": 1, "train.loss": value}]}
    lines = [*little.lines[:-1], line]

    with pytest.raises(
        UserError, match="a curve has a value that is not a number"
    ):
        look_at(here, little.manifest, little.state, lines)


@pytest.mark.parametrize("part", ["task", "level", "arm"])
def test_a_cell_of_what_the_campaign_does_not_have_is_refused(
    little, here, part
):
    manifest = copy.deepcopy(little.manifest)
    manifest["cells"][0][part] = "../../x"

    with pytest.raises(UserError, match="a cell is of no task, level and arm"):
        look_at(here, manifest, little.state, little.lines)


@pytest.mark.parametrize("text", ["[1]", "null", '"x"', "[" * 100_000, "\xff"])
@pytest.mark.parametrize("name", [MANIFEST, "state.json"])
def test_a_file_that_holds_no_object_is_refused(here, little, name, text):
    folder = here / "no_object" / "given"
    folder.mkdir(parents=True, exist_ok=True)
    for file, value in (
        (MANIFEST, little.manifest),
        ("state.json", little.state),
    ):
        (folder / file).write_text(json.dumps(value), encoding="utf-8")
    (folder / name).write_text(text, encoding="latin-1")

    with pytest.raises(UserError, match=f"{name} is damaged"):
        Results(folder.parent).load()


@pytest.mark.parametrize(
    "change", [{"pid": "x"}, {"pid": 10**400}, {"updated": []}, {"failed": 3}]
)
def test_a_state_that_no_driver_writes_is_refused_or_of_no_driver(
    change, little, here
):
    folder = here / "bad_state" / "given"
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        **little.state,
        "state": "running",
        "host": socket.gethostname(),
        **change,
    }
    (folder / MANIFEST).write_text(
        json.dumps(little.manifest), encoding="utf-8"
    )
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")

    taken_or_refused(standing, Results(folder.parent), "given")


# ------------------------------------------------- cell files, archives, files of claims


@pytest.fixture(scope="module")
def cell_file(little, here):
    """A cell's file, and its runs."""
    runs = [run_record(line, "here") for line in little.lines[:2]]
    write_cell(here / "cell.parquet", runs)
    return (here / "cell.parquet").read_bytes(), runs


@tries(60)
@given(data=st.data())
def test_a_cell_file_of_any_bytes_is_read_or_refused(cell_file, here, data):
    content, _ = cell_file
    path = here / "fuzzed.parquet"
    path.write_bytes(
        data.draw(with_bytes_changed(content) | st.binary(max_size=60))
    )

    taken_or_refused(read_cell, path)


@tries(60)
@given(data=st.data())
def test_a_cell_file_of_any_runs_is_read_or_refused(cell_file, here, data):
    content, runs = cell_file
    path = here / "fuzzed.parquet"
    bare = [{**run, "curve": []} for run in runs]
    table = pq.read_table(io.BytesIO(content))
    metadata = {
        **table.schema.metadata,
        RUNS_KEY: json.dumps(data.draw(changed(bare))).encode(),
    }
    pq.write_table(table.replace_schema_metadata(metadata), path)

    taken_or_refused(read_cell, path)


@pytest.fixture(scope="module")
def archive(little, here):
    """A small campaign as `bakeoff export` writes it: its path, and its entries."""
    folder = here / "to_export" / "given"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps(little.manifest))
    lines = [json.dumps(line) + "\n" for line in little.lines[:2]]
    (folder / FILE).write_text("".join(lines))
    export_campaign(folder, here / "exported.zip")
    with zipfile.ZipFile(here / "exported.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    return here / "exported.zip", entries


def import_one(path, folder):
    with tempfile.TemporaryDirectory(dir=folder) as results:
        import_bundles([read_bundle(path)], Path(results))


@tries(60)
@given(data=st.data())
def test_an_archive_of_any_bytes_is_read_or_refused(archive, here, data):
    path, _ = archive
    fuzzed = here / "fuzzed.zip"
    content = path.read_bytes()
    fuzzed.write_bytes(data.draw(with_bytes_changed(content)))

    if taken_or_refused(read_bundle, fuzzed):
        assert read_bundle(fuzzed).manifest == read_bundle(path).manifest


@tries(30)
@given(data=st.data())
def test_an_archive_of_any_values_is_imported_or_refused(archive, here, data):
    """Its hashes are made to agree, as a stranger's would."""
    _, entries = archive
    entries, fuzzed = dict(entries), here / "fuzzed.zip"
    name = data.draw(st.sampled_from([MANIFEST, FILE, INDEX_FILE]))
    texts = entries[name].splitlines() if name == FILE else [entries[name]]
    values = data.draw(changed([json.loads(text) for text in texts]))
    entries[name] = "\n".join(map(json.dumps, values)).encode()
    if name != INDEX_FILE:
        index = json.loads(entries[INDEX_FILE])
        index["files"][name] = hashlib.sha256(entries[name]).hexdigest()
        entries[INDEX_FILE] = json.dumps(index).encode()
    with zipfile.ZipFile(fuzzed, "w") as file:
        for entry, content in entries.items():
            file.writestr(entry, content)

    taken_or_refused(import_one, fuzzed, here)


CLAIM_TABLE = {
    "claims": [
        {
            "name": "better",
            "says": "A is better",
            "metric": "accuracy",
            "better": "a",
            "worse": "b",
            "margin": 0.01,
        }
    ],
    "metrics": {"accuracy": {"better": "higher", "percent": True}},
    "levels": {"all": {"x": 1}},
    "confidence": 0.9,
}


def csv_line(row):
    return ",".join(map(str, row)) if isinstance(row, list) else str(row)


def _write(path, text):
    path.write_bytes(text.encode("utf-8", "replace"))


def judge_files(results, claims):
    judge_campaign(campaign_of(results, claims))


@tries(60)
@given(data=st.data())
def test_any_file_of_results_and_claims_is_judged_or_refused(here, data):
    rows = [["arm", "block", "accuracy", "level"]]
    rows += [[arm, block, "0.5", "all"] for arm in "ab" for block in "12"]
    rows = data.draw(changed(rows)) if data.draw(st.booleans()) else rows
    table = data.draw(changed(CLAIM_TABLE))
    results, claims = here / "results.csv", here / "claims.toml"
    _write(results, "\n".join(map(csv_line, rows)))
    _write(claims, toml_file(table))

    taken_or_refused(judge_files, results, claims)


# --------------------------------------------------------------- addresses and downloads

# All that pages read of an address; most of the values are of the campaign's own.
PARAMETERS = [
    "campaign",
    "task",
    "level",
    "arm",
    "other",
    "claim",
    "metric",
    "measure",
    "lang",
    "x",
    "n",
    "q",
    "block",
    "with",
    "from",
    "only",
    "open",
    "present",
    "quiz",
    "scale",
    "smooth",
    "sort",
    "step",
    "target",
    "verdict",
    "band",
    "axis",
]
WORDS = st.sampled_from(PARAMETERS) | st.text(max_size=5)
NUMBERS = ["-1", "0", "1", "3", "0.9", "nan", "1e999", "1" * 5000]
ODD = ["", "../..", "\x00", "<b>", "\ud800", "zh", "log", "epoch", "levels"]
PATHS = st.sampled_from([page.PATH for page in PAGES])


def names_of(campaign):
    """What the campaign has that an address may name."""
    task = next(iter(campaign.manifest.tasks.values()))
    names = [campaign.id, *campaign.manifest.tasks]
    names += [*task.level_names, *task.arm_names]
    names += [one.name for one in (*task.measures, *task.tested)]
    return [
        *names,
        campaign.runs["key"].iloc[0],
        *campaign.runs["kind"].unique(),
    ]


def queries(campaign):
    """Queries of which most parameters mean something."""
    own = st.sampled_from(names_of(campaign))
    choices = own | st.sampled_from([*NUMBERS, *ODD]) | st.text(max_size=9)
    pairs = st.lists(st.tuples(WORDS, choices), max_size=5)
    return pairs.map(lambda found: urlencode(found, errors="replace"))


def shows(snapshots, path, search):
    """A page comes of that address, and not the one that says that it failed."""
    with mock.patch.object(dashboard.rendering.log, "exception") as failed:
        dashboard.rendering.render(snapshots, path, f"?{search}")
    assert not failed.called, failed.call_args


@tries(40)
@given(data=st.data())
def test_any_address_shows_a_page(snapshots, finished, data):
    campaign = snapshots.get(finished).campaign

    shows(snapshots, data.draw(PATHS), data.draw(queries(campaign)))


CHARTS = [
    "validation",
    "train",
    "verdicts",
    "runs",
    "levels",
    "..",
    "\x00",
    "a",
]
KINDS = ["csv", "parquet", "json", "md", "tex", "html", "exe", ""]


@tries(40)
@given(data=st.data())
def test_any_address_of_a_file_is_answered(snapshots, client, finished, data):
    """With the file, or with "not found" and the like, but never with an error."""
    campaign = snapshots.get(finished).campaign
    page = data.draw(PATHS.map(lambda path: path[1:]) | st.just("overview"))
    chart = data.draw(st.sampled_from(CHARTS) | st.text(max_size=5))
    name = quote(
        f"{chart}.{data.draw(st.sampled_from(KINDS))}", errors="replace"
    )
    query = data.draw(queries(campaign))
    below = data.draw(st.sampled_from([f"data/{page}", "artifacts", "source"]))

    answer = client.get(f"/{below}/{name}?{query}")

    assert answer.status_code < 500


@pytest.mark.parametrize(
    "name",
    [
        "%00.png",
        "..%2f..%2frecord.json",
        "a" * 300 + ".png",
        "%ff.png",
        "%0a.txt",
    ],
)
def test_no_address_of_an_artifact_leaves_its_folder(client, finished, name):
    answer = client.get(f"/artifacts/{finished}/{'a' * 64}/{name}")

    # a slash makes it another address, that of the dashboard's own page
    assert answer.status_code == 404 or answer.mimetype == "text/html"


def test_a_column_that_a_spreadsheet_would_run_is_inert():
    text = to_csv(pd.DataFrame({"=1+1": ["@x"], "a": [-1.5]})).decode()

    assert text == "'=1+1,a\n'@x,-1.5\n"


# --------------------------------------------------------------------- files of editors


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_may_have_a_byte_order_mark_and_windows_lines(
    tiny_source, tmp_path, mark, newline
):
    text = (mark + tiny_source).replace("\n", newline)
    (tmp_path / "windows.py").write_bytes(text.encode())
    profile = newline.join([f"{mark}blocks = 3", "[tasks.batch_size]", ""])
    (tmp_path / "mine.toml").write_bytes(profile.encode())

    assert tasks.load_file(tmp_path / "windows.py").name == "windows"
    assert load_profile(tmp_path / "mine.toml").blocks == 3
