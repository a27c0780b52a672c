"""Profiles: what ships is sound, what is written wrongly is told apart, what is left
out is filled in.
"""

from dataclasses import replace

import pytest

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import (
    Profile,
    TaskPlan,
    chosen,
    load_profile,
    profile_names,
)
from tasks import Level, UserError


@pytest.fixture
def written(tmp_path):
    """Write a profile and give back its path."""

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


# --------------------------------------------------------------------- those that ship


@pytest.mark.parametrize("name", profile_names())
def test_every_built_in_profile_plans(name):
    plan = Plan(load_profile(name))

    assert plan.profile.name == name
    assert plan.profile.title
    assert plan.runs > 0


def test_the_quick_profile_counts_its_topics_in_its_title():
    profile = load_profile("quick")

    assert profile.title.startswith("Six textbook topics")
    assert len(profile.tasks) == 6


def test_the_built_in_profiles_grow():
    sizes = [
        Plan(load_profile(name)).runs
        for name in ("smoke", "quick", "standard", "full")
    ]

    assert sizes == sorted(sizes)


def test_smoke_touches_every_task_arm_and_light_level():
    cells = {
        (cell.task, cell.level, cell.arm)
        for cell in Plan(load_profile("smoke")).cells
    }

    assert cells == {
        (name, level.name, arm.name)
        for name in tasks.names()
        for level in tasks.get(name).light
        for arm in tasks.get(name).arms
    }


def test_quick_has_six_topics_and_explores_none():
    plan = Plan(load_profile("quick"))
    blocks = {name: plan.of(name).blocks for name in plan.tasks}

    assert set(blocks) == {
        "logistic_regression",
        "deep_vs_wide",
        "batch_size",
        "cnn_vs_attention",
        "translation",
        "two_answers",
    }
    assert min(blocks.values()) >= 6
    assert all(plan.claims(name) for name in plan.tasks)


# an hour of a laptop each: only standard and full have them
LONG = {"attention_heads", "gan"}


def test_each_task_is_in_quick_or_in_topics_unless_it_is_long():
    quick, topics = (
        set(load_profile(name).task_names()) for name in ("quick", "topics")
    )

    assert not quick & topics
    assert quick | topics == set(tasks.names()) - LONG


def test_topics_explores_nothing_and_its_sections_are_in_order():
    profile = load_profile("topics")
    plan = Plan(profile)

    assert list(profile.tasks) == sorted(profile.tasks)
    assert min(plan.of(name).blocks for name in plan.tasks) >= 6
    assert all(plan.claims(name) for name in plan.tasks)


def test_standard_has_ten_blocks_and_averages_three_finals():
    profile = load_profile("standard")

    assert (profile.blocks, profile.trials, profile.finals) == (10, 16, 3)


# -------------------------------------------------------------------------- what holds


def test_a_task_takes_from_the_profile_what_it_does_not_say(written):
    profile = load_profile(
        written("blocks = 7\ntrials = 3\n[tasks.batch_size]\ntrials = 5\n")
    )

    plan = profile.of("batch_size")

    assert (plan.blocks, plan.trials) == (7, 5)


@pytest.mark.parametrize(
    ("given", "looks", "blocks"),
    [
        ("interim_looks = true", (6, 10, 16), 16),
        ("interim_looks = [8, 12]", (8, 12), 12),
        ("blocks = 7", (), 7),
        ("interim_looks = true\n[tasks.batch_size]\nblocks = 5", (), 5),
        ("blocks = 7\n[tasks.batch_size]\ninterim_looks = [2, 3]", (2, 3), 3),
        (
            "interim_looks = true\nblocks = 7\n[tasks.batch_size]\ninterim_looks = false",
            (),
            7,
        ),
    ],
)
def test_looks_take_the_place_of_blocks(given, looks, blocks, written):
    text = given if "[tasks" in given else f"{given}\n[tasks.batch_size]\n"
    plan = load_profile(written(text)).of("batch_size")

    assert (plan.interim_looks, plan.blocks) == (looks, blocks)


def test_looks_that_do_not_grow_are_refused(written):
    with pytest.raises(
        UserError,
        match=r"interim_looks = \[10, 6\]: give growing numbers of blocks, from 2",
    ):
        load_profile(written("interim_looks = [10, 6]\n[tasks.batch_size]\n"))


def test_a_plan_knows_the_least_and_the_most(written):
    text = "trials = 4\nhalf_budget = true\ninterim_looks = [2, 3, 5]\n[tasks.deep_vs_wide]\n"
    plan = Plan(load_profile(written(text)))
    places = {(cell.level, cell.arm) for cell in plan.cells}
    claimed = plan.deciding(plan.claims("deep_vs_wide"))

    assert (len(plan.cells), plan.runs) == (
        2 * len(places),
        2 * len(places) * (4 + 1),
    )
    assert claimed <= places
    assert len(plan.all_cells) == 2 * len(places) + 3 * len(claimed)
    assert plan.max_runs == len(plan.all_cells) * (4 + 1 + 1)


def test_a_heavy_level_runs_only_where_it_is_named():
    task = tasks.get("batch_size")
    light = tuple(level.name for level in task.levels)
    task = replace(task, levels=(*task.levels, Level("huge", heavy=True)))

    without, named = (
        Profile(name="p", tasks={task.name: TaskPlan(levels=levels)}).of(
            task.name
        )
        for levels in (None, ("huge",))
    )
    assert chosen(task, without)[1] == light
    assert chosen(task, named)[1] == ("huge",)


def test_a_profile_is_named_by_its_file_unless_it_says_otherwise(written):
    assert load_profile(written("[tasks.batch_size]\n")).name == "mine"
    assert (
        load_profile(written('name = "other"\n[tasks.batch_size]\n')).name
        == "other"
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("blocks=3", lambda profile: profile.blocks == 3),
        (
            "sampler=tpe",
            lambda profile: profile.sampler == "tpe",
        ),  # plain text needs no quotes
        (
            "tasks.batch_size.trials=9",
            lambda profile: profile.of("batch_size").trials == 9,
        ),
        (
            'tasks.batch_size.arms=["batch_8"]',
            lambda profile: profile.of("batch_size").arms == ("batch_8",),
        ),
        (
            "tasks.batch_size.recipe.max_grad_norm=1.0",
            lambda profile: (
                profile.of("batch_size").recipe == {"max_grad_norm": 1.0}
            ),
        ),
        (
            "resources.gpus=0.5",
            lambda profile: profile.of("batch_size").resources.gpus == 0.5,
        ),
    ],
)
def test_set_changes_one_value(change, found):
    assert found(load_profile("quick", [change]))


# --------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "blcks = 3\n[tasks.batch_size]\n",
            ["blcks", "did you mean 'blocks'"],
        ),
        (
            "[tasks.batch_size]\ntrails = 3\n",
            ["trails", "did you mean 'trials'", "tasks.batch_size"],
        ),
        (
            "resources = {cpu = 1}\n[tasks.batch_size]\n",
            ["cpu", "did you mean 'cpus'"],
        ),
        (
            "blocks = -1\n[tasks.batch_size]\n",
            ["blocks = -1", "give at least 1"],
        ),
        (
            "blocks = 'many'\n[tasks.batch_size]\n",
            ["blocks = 'many'", "give a whole number"],
        ),
        (
            "confidence = 1.5\n[tasks.batch_size]\n",
            ["confidence = 1.5", "less than 1"],
        ),
        (
            "sampler = 'grid'\n[tasks.batch_size]\n",
            ["sampler = 'grid'", "known: gp, qmc, random, sobol, tpe"],
        ),
        (
            "length_factor = nan\n[tasks.batch_size]\n",
            ["length_factor", "give a number"],
        ),
        ("[tasks.batch_sise]\n", ["batch_sise", "did you mean 'batch_size'"]),
        (
            "[tasks.batch_size]\narms = ['batch_9']\n",
            ["batch_9", "did you mean 'batch_8'"],
        ),
        (
            "[tasks.batch_size]\nlevels = ['equal_epoch']\n",
            ["equal_epoch", "did you mean 'equal_epochs'"],
        ),
        (
            "[tasks.batch_size]\naa_test = ['batch_9']\n",
            ["batch_9", "did you mean 'batch_8'"],
        ),
        (
            "[tasks.batch_size.recipe]\nwarm_up = 0.1\n",
            ["warm_up", "did you mean 'warmup'"],
        ),
        ("blocks = 2\n", ["names no tasks", "[tasks."]),
        ("blocks = = 2\n", ["not valid TOML", "line 1"]),
    ],
)
def test_a_wrong_profile_is_told_what_is_wrong_and_what_would_work(
    written, text, words
):
    with pytest.raises(UserError) as caught:
        load_profile(written(text))

    assert all(word in str(caught.value) for word in [*words]), caught.value


def test_an_unknown_profile_gets_the_nearest_known_one():
    with pytest.raises(UserError, match="did you mean 'quick'"):
        load_profile("quikc")


def test_a_profile_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"No profile .*gone\.toml"):
        load_profile(tmp_path / "gone.toml")


def test_a_profile_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UserError, match="cannot be read"):
        load_profile(path)


@pytest.mark.parametrize("change", ["blocks", "=3", "  =3", "blocks.deep=3"])
def test_set_wants_key_and_value(change):
    with pytest.raises(UserError, match="--set"):
        load_profile("quick", [change])


def test_a_profile_cannot_be_changed():
    profile = Profile.model_validate({"name": "x"})

    with pytest.raises(ValueError, match="frozen"):
        profile.blocks = 3
