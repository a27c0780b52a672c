"""What every task must keep to. A new file in tasks/ is tested at once."""

import functools
import math
import pickle
import re

import pytest
import torch
from torch import nn

import tasks
from suite.training.instantiate import build_model
from suite.training.loop import TrainingLoop
from suite.training.metrics import metric_of
from suite.training.rng import make_generator
from tasks import (
    Arm,
    FitOnce,
    Float,
    Int,
    Level,
    Params,
    Procedure,
    Sealed,
    Split,
    Splits,
    Task,
    UserError,
    text_of,
)
from tasks.contract.picture import outcome_of, read_picture
from tasks.data._fetch import Unavailable

NAMES = tasks.names()
WITH_DATA = [name for name in NAMES if tasks.get(name).has_data]
LEVELS = [
    (name, level.name) for name in WITH_DATA for level in tasks.get(name).light
]
ARMS = [
    (name, arm.name)
    for name in WITH_DATA
    for arm in tasks.get(name).arms
    if arm.measure is None
]
FUNCTIONS = [
    (name, arm.name)
    for name in NAMES
    for arm in tasks.get(name).arms
    if arm.measure is not None
]
SEEDS = {"order": 0, "dropout": 0, "evaluation": 0}
TINY = 8  # examples that any arm must be able to learn by heart


@functools.lru_cache(maxsize=2)
def load(name: str, level: str, seed: int = 0) -> Splits:
    task = tasks.get(name)
    try:
        return task.load_data(task.level(level), seed)
    except Unavailable as error:
        pytest.skip(str(error))


def middle(task: Task, arm: Arm) -> Params:
    """Params from the middle of the ranges, but as little restraint as they allow; and
    those that are fixed, by the arm or by the first level.
    """
    found: dict[str, object] = {
        **task.levels[0].params,
        **task.fixed_params(arm),
    }
    for name, values in task.space_of(arm).items():
        if name in ("weight_decay", "dropout", "l2", "label_smoothing"):
            found[name] = (
                values.low
                if isinstance(values, Float | Int)
                else values.values[0]
            )
        elif isinstance(values, Float):
            found[name] = (
                math.sqrt(values.low * values.high)
                if values.log
                else (values.low + values.high) / 2
            )
        else:
            found[name] = (
                (values.low + values.high) // 2
                if isinstance(values, Int)
                else values.values[0]
            )
    return found


def built(
    task: Task, level: Level, arm: Arm, splits: Splits, seed: int = 0
) -> nn.Module:
    return build_model(arm, level, splits, middle(task, arm), seed)


def evaluated(
    procedure: Procedure, model: nn.Module, split: Split
) -> dict[str, float]:
    with torch.no_grad():
        return procedure.evaluate(model.eval(), split, make_generator(0))


def rows(split: Split) -> set[bytes]:
    return {x.numpy().tobytes() for x in split.x}


# -------------------------------------------------------------------------------- data


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_data_depend_on_the_seed_alone(name, level):
    task = tasks.get(name)
    first, other = load(name, level), load(name, level, 1)
    torch.manual_seed(1234)
    again = task.load_data(task.level(level), 0)

    for one, two in (
        (first.train, again.train),
        (first.validation, again.validation),
    ):
        assert torch.equal(one.x, two.x)
        assert torch.equal(one.y, two.y)
    assert first.train.x.shape != other.train.x.shape or not torch.equal(
        first.train.x, other.train.x
    )


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_parts_share_no_example_and_the_test_is_sealed(name, level):
    splits = load(name, level)

    assert isinstance(splits.test, Sealed)
    assert not splits.sealed.opened
    train, validation, test = map(
        rows,
        (splits.train, splits.validation, splits.sealed.resealed().open()),
    )
    assert not train & validation
    assert not (train | validation) & test


# ------------------------------------------------------------------------------ models


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_parameters_are_matched_as_the_task_says(name, level):
    task, splits = tasks.get(name), load(name, level)
    if task.parameters_within is None:
        assert "parameters" not in task.matched.lower().split()
        return
    counts = {
        arm.name: sum(
            p.numel()
            for p in built(task, task.level(level), arm, splits).parameters()
        )
        for arm in task.arms
        if arm.measure is None
    }

    assert (
        max(counts.values()) / min(counts.values()) - 1
        <= task.parameters_within
    ), counts


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_an_untrained_model_guesses(name, arm):
    task, splits = tasks.get(name), load(name, tasks.get(name).levels[0].name)
    procedure = task.procedure_of(task.arm(arm))
    measure = next((m for m in procedure.measures if m.name == "loss"), None)
    if isinstance(procedure, FitOnce) or measure is None:
        return
    model = built(task, task.levels[0], task.arm(arm), splits)

    loss = evaluated(procedure, model, splits.validation.head(500))["loss"]

    assert (
        0.5 * measure.worst(splits.shape)
        < loss
        < 1.5 * measure.worst(splits.shape)
    )


# planted failures: one cannot be optimised, the other is too small
UNABLE = {("diagnosis", "deep"), ("diagnosis", "one_unit")}


@pytest.mark.parametrize(("name", "arm"), sorted(set(ARMS) - UNABLE))
def test_a_tiny_batch_can_be_learnt_by_heart(name, arm):
    task, splits = tasks.get(name), load(name, tasks.get(name).levels[0].name)
    found = task.arm(arm)
    procedure, model = (
        task.procedure_of(found),
        built(task, task.levels[0], found, splits),
    )
    trains_a_part = bool(getattr(procedure, "trains", ""))
    is_fitted = isinstance(procedure, FitOnce)
    if trains_a_part or is_fitted or len(procedure.phases(model)) > 1:
        # trained in part, after a stage; fitted by a library; or a game of two players that has no loss to bring to
        # zero
        return
    tiny = splits.train.head(TINY)
    recipe = task.recipe_of(task.levels[0], found).with_changes(
        {"steps": 200, "batch_size": 0, "evaluations": 4}
    )
    params = middle(task, found)

    def learns(params: Params) -> bool:
        model = built(task, task.levels[0], found, splits)
        loop = TrainingLoop(
            procedure, model, tiny, tiny, recipe, params, SEEDS
        )
        first, *_, last = loop
        accuracy = last.values.get("train.accuracy")
        if accuracy is not None:
            return accuracy == 1
        measure = procedure.measures[0]
        name = f"train.{measure.name}"
        change = last.values[name] - first.values[name]
        return bool(measure.sign * change > 0)

    # The middle of a range may suit large batches, and be too fast for a tiny one.
    slower = {**params, "lr": 0.1 * params["lr"]} if "lr" in params else params
    assert learns(params) or learns(slower)


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_the_same_seed_repeats_and_the_arm_is_initialised_from_it(name, arm):
    task, splits = tasks.get(name), load(name, tasks.get(name).levels[0].name)
    one, two = (
        built(task, task.levels[0], task.arm(arm), splits).state_dict()
        for _ in range(2)
    )

    assert all(torch.equal(one[key], two[key]) for key in one)


# --------------------------------------------------------------------------- functions


@pytest.mark.parametrize(("name", "arm"), FUNCTIONS)
def test_a_function_repeats_and_its_numbers_are_finite_at_every_level(
    name, arm
):
    task = tasks.get(name)
    found = task.arm(arm)
    assert found.measure is not None
    outcomes = []
    for level in task.light:
        params = task.default_params(found, level)
        outcome = outcome_of(found.measure(level, params, 1))
        outcomes.append(outcome)

        assert all(
            math.isfinite(outcome.values[m.name])
            for m in task.procedure.measures
        )
        for picture in outcome.pictures():
            (content,) = picture.artifact.values()
            assert read_picture(content).title == picture.title
    level = task.light[0]
    params = task.default_params(found, level)
    again = outcome_of(found.measure(level, params, 1))
    assert again.values == outcomes[0].values


# ------------------------------------------------------------------------------ claims


PREFIXES = ("train", "validation", "gap", "updates_to", "diagnosed")


@pytest.mark.parametrize("name", NAMES)
def test_claims_ask_for_what_is_measured(name):
    task = tasks.get(name)
    for claim in task.claims:
        first, _, rest = claim.metric.partition(".")
        assert not rest or first in PREFIXES
        assert metric_of(claim.metric, task.procedure.measures), claim.name
        assert claim.margin > 0
        assert claim.source, f"{claim.name} names no source"
        assert claim.says.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_claims_have_what_their_kind_needs(name):
    for claim in tasks.get(name).claims:
        if claim.reference is not None:
            assert claim.kind in ("threshold", "no_worse")
        assert bool(claim.weights) == (claim.kind == "contrast")
        may_be_about_one = claim.kind in ("always", "power_law")
        is_about_one = may_be_about_one or claim.reference is not None
        if claim.kind != "contrast" and not is_about_one:
            assert len(set(claim.arms)) == 2
        if claim.kind == "contrast":
            assert sum(claim.weights.values()) == pytest.approx(0)
        if claim.kind == "interaction":
            places = [tasks.get(name).level(level).x for level in claim.levels]
            assert None not in places
            assert len(set(places)) >= 2


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_no_margin_is_finer_than_two_test_examples(name, level):
    task, examples = tasks.get(name), len(load(name, level).sealed)
    for claim in task.claims:
        measure = task.measure(claim.metric)
        if (
            measure is not None
            and measure.percent
            and claim.scale == "points"
            and level in (claim.levels or [level])
        ):
            assert claim.margin >= 2 / examples, claim.name


# --------------------------------------------------------------------------- the value


@pytest.mark.parametrize("name", NAMES)
def test_a_task_pickles(name):
    task = tasks.get(name)

    again = pickle.loads(pickle.dumps(task))

    assert [claim.says for claim in again.claims] == [
        claim.says for claim in task.claims
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_says_what_it_asks_and_where_its_data_come_from(name):
    task = tasks.get(name)

    assert task.question.endswith("?")
    assert task.topic
    assert task.matched
    assert any("Licence" in source for source in task.sources)
    assert all(arm.title and len(arm.title) <= 40 for arm in task.arms)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_that_says_why_does_in_each_language_and_its_dois_are_valid(
    name,
):
    task = tasks.get(name)
    dois = [work.partition(" doi:")[2] for work in task.literature]

    if task.why:
        assert 2 <= task.why.count(". ") + 1 <= 4
        assert text_of(task.why, "zh").endswith("。")
    for doi in filter(None, dois):
        assert re.fullmatch(r"10\.\d{4,5}/[\w./:()-]+", doi), doi


@pytest.mark.parametrize("name", WITH_DATA)
def test_whatever_learns_step_by_step_has_a_learning_rate_at_every_level(name):
    task = tasks.get(name)
    for arm in task.arms:
        if arm.measure is not None or isinstance(
            task.procedure_of(arm), FitOnce
        ):
            continue
        for level in task.levels:
            params = task.default_params(arm, level)
            rates = [each for each in params if each.endswith("lr")]
            assert rates, f"{arm.name} has no learning rate at {level.name}"


@pytest.mark.parametrize("name", NAMES)
def test_only_tasks_that_tune_say_that_arms_get_as_many_trials(name):
    task = tasks.get(name)
    places = [(arm, level) for arm in task.arms for level in task.levels]
    is_tuned = any(task.space_of(arm, level) for arm, level in places)

    assert is_tuned or "trials" not in task.matched


def test_an_unknown_task_gets_the_nearest_name():
    with pytest.raises(UserError, match="did you mean 'deep_vs_wide'"):
        tasks.get("deep_vs_wild")


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_after_so_many_updates_is_about_a_fixed_budget(name):
    task = tasks.get(name)
    after = re.compile(
        r"\bafter [\d,]+ (updates|steps|epochs)\b", re.IGNORECASE
    )

    undeclared = [
        claim.name
        for claim in task.claims
        if after.search(claim.says) and not claim.fixed_budget
    ]

    assert not undeclared
