"""What strangers may hand in (profiles, tasks) is taken or refused with a message: never a traceback, never a file elsewhere.

Hypothesis makes the input. ``make test`` tries the same few inputs each time;
``BAKEOFF_FUZZ=5000`` tries that many new ones of each kind, as ``ci/slow.sh`` does. What
such a search found is an ``@example``.
"""

import dataclasses
import json
import math
import os
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, load_profile
from tasks import UserError
from tasks.contract.recipe import RECIPE_FIELDS

LONG = int(os.environ.get("BAKEOFF_FUZZ", "0"))


def tries(few: int):
    """So many inputs, always the same; in a long search many, always new."""
    return settings(
        max_examples=LONG or few,
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
    10**5000,
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


# ---------------------------------------------------------------------------- profiles

TOML_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=9)
VALUES = st.one_of(
    st.sampled_from([0, 1, 2, 3, -1, 10**9, 10**18, 2**63, 10**400, 0.5, 1e-300]),
    st.sampled_from([math.nan, math.inf, -math.inf, True, False, "", "auto", "tpe"]),
    st.sampled_from([[], [2, 3], [6, 4], ["sgd"], ["lr"], [""], {}, {"steps": 3}]),
    st.sampled_from(["../x", "logistic_regression", "a/b", "batch_size"]),
    TOML_TEXT,
    st.lists(st.integers(-3, 30) | TOML_TEXT, max_size=3),
)
NAMES = st.sampled_from([*Profile.model_fields, *TaskPlan.model_fields]) | TOML_TEXT
TASKS = st.sampled_from(["logistic_regression", "deep_vs_wide", "momentum"]) | TOML_TEXT
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
    lines = [
        f"{json.dumps(k, ensure_ascii=False)} = {toml(v)}\n" for k, v in values.items()
    ]
    path.write_text("".join(lines), encoding="utf-8")

    taken_or_refused(plan_of, path)


@tries(60)
@given(
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace"))
)
def test_a_profile_of_any_bytes_is_refused(here, content):
    path = here / "mine.toml"
    path.write_bytes(content)

    taken_or_refused(plan_of, path)


@tries(60)
@given(
    key=st.lists(NAMES | TASKS | st.just("tasks"), max_size=4).map(".".join),
    value=VALUES.map(toml) | st.text(max_size=9),
)
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
    value = st.sampled_from(range(len(SCALARS))).map(SCALARS.__getitem__)
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
        {field.name for field in dataclasses.fields(tasks.Recipe)} - {"steps"}, ...
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
        {field.name for field in dataclasses.fields(tasks.Measure) if field.init}
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
