"""Nothing wrong is accepted in silence: for every field of every value that a task or a
profile is made of, one wrong value and what its message has to name.
"""

import dataclasses

import pytest
from pydantic import ValidationError

from suite.planning.profile import Profile, TaskPlan
from tasks import (
    Arm,
    Categorical,
    Claim,
    Float,
    Int,
    Level,
    Measure,
    Recipe,
    Space,
    Stage,
    Task,
    UserError,
)


def function(level, params, seed):
    return {"score": 1.0}


def build(shape, level, params):
    raise NotImplementedError


def training_data(train, level, seed):
    return train


ARMS = (Arm.function("deep", function), Arm.function("wide", function))
# how each value is made rightly, so that one field alone is wrong
RIGHT = {
    Claim: {
        "name": "c",
        "says": "s",
        "metric": "score",
        "better": "deep",
        "worse": "wide",
    },
    Arm: {"name": "deep", "build": build},
    Level: {"name": "digits"},
    Recipe: {"steps": 10},
    Measure: {"name": "score", "better": "higher"},
    Stage: {"training_data": training_data},
    Task: {
        "question": "?",
        "arms": ARMS,
        "measures": (Measure("score", "higher"),),
    },
    Float: {"low": 0.1, "high": 1.0},
    Int: {"low": 1, "high": 9},
    Categorical: {"values": ("a", "b")},
}
# kind, field, wrong value, what the message names: the value, and what would work
WRONG = [
    (Claim, "name", "a/b", "letters, digits"),
    (Claim, "says", 3, "text"),
    (Claim, "metric", "", "not empty"),
    (Claim, "better", 3, "text"),
    (Claim, "worse", "deep", "the same arm"),
    (Claim, "levels", "digits", "names in a tuple"),
    (Claim, "margin", -1, "at least 0"),
    (Claim, "kind", "diference", "'difference'"),
    (Claim, "at_least", "much", "give a number"),
    (Claim, "at_least_levels", 2, "only a partial_conjunction"),
    (Claim, "exponent", 0.5, "only a power_law"),
    (Claim, "weights", {"deep": 1}, "only a contrast"),
    (Claim, "scale", "log", "log_"),
    (Claim, "reference", 0.5, "only threshold and no_worse"),
    (Claim, "reference_se", -0.1, "at least 0"),
    (Claim, "lower_bound", 0.5, "only always"),
    (Claim, "upper_bound", 0.5, "only always"),
    (Claim, "equal_to", 0.5, "only always"),
    (Claim, "tolerance", 0.5, "only always"),
    (Claim, "expected_sd", 0, "above 0"),
    (Claim, "source", 3, "text"),
    (Claim, "reported", 3, "text"),
    (Claim, "matching_group", 3, "text"),
    (Claim, "fixed_budget", "yes", "True or False"),
    (Arm, "name", "a b", "letters, digits"),
    (Arm, "build", "mlp", "give a function"),
    (Arm, "label", 3, "text"),
    (Arm, "x", "deep", "number"),
    (Arm, "recipe", {"batchsize": 8}, "'batch_size'"),
    (Arm, "space", {"lr": 0.1}, "Space"),
    (Arm, "params", {"lr": [1]}, "lr"),
    (Arm, "without", "lr", "names in a tuple"),
    (Arm, "procedure", "classification", "measures"),
    (Arm, "training_data", "half", "give a function"),
    (Arm, "before", "pretrain", "Stage"),
    (Arm, "measure", "score", "give a function"),
    (Arm, "deterministic", "yes", "True or False"),
    (Arm, "grid", {"lr": (0.1, 0.2)}, "points in a tuple"),
    (Level, "name", "a b", "letters, digits"),
    (Level, "factors", ("examples", 3), "name"),
    (Level, "x", "large", "number"),
    (Level, "label", 3, "text"),
    (Level, "recipe", {"batchsize": 8}, "'batch_size'"),
    (Level, "space", {"lr": 0.1}, "Space"),
    (Level, "params", {"lr": [1]}, "lr"),
    (Level, "heavy", "yes", "True or False"),
    (Recipe, "steps", 0, "1 or more"),
    (Recipe, "epochs", 3, "steps"),
    (Recipe, "batch_size", -1, "or more"),
    (Recipe, "optimizer", "adagrat", "'adagrad'"),
    (Recipe, "momentum", 1.5, "below 1"),
    (Recipe, "nesterov", "yes", "True or False"),
    (Recipe, "betas", (0.9, 2), "betas"),
    (Recipe, "decay_norms_and_biases", "yes", "True or False"),
    (Recipe, "schedule", "cosin", "'cosine'"),
    (Recipe, "warmup", 5, "warmup"),
    (Recipe, "milestones", (2,), "milestones"),
    (Recipe, "lr_gamma", 5, "lr_gamma"),
    (Recipe, "max_lr_reductions", -1, "0 or more"),
    (Recipe, "max_grad_norm", -1, "max_grad_norm"),
    (Recipe, "ema_decay", 1.5, "ema_decay"),
    (Recipe, "patience", 0, "patience"),
    (Recipe, "stop_when", "accuracy", "stop_when"),
    (Recipe, "targets", "accuracy", "targets"),
    (Recipe, "restore_best", "yes", "True or False"),
    (Recipe, "evaluations", 0, "1 or more"),
    (Recipe, "world_size", 0, "1 or more"),
    (Recipe, "ema_decay", 1.5, "below 1"),
    (Recipe, "accumulate", 0, "1 or more"),
    (Recipe, "precision", "bf15", "'bf16'"),
    (Recipe, "compile", "yes", "True or False"),
    (Measure, "name", "a b", "letters, digits"),
    (Measure, "better", "more", "higher"),
    (Measure, "worst", 0.5, "give a function"),
    (Measure, "label", 3, "text"),
    (Measure, "percent", "yes", "True or False"),
    (Measure, "unit", 3, "text"),
    (Measure, "resolution", -1, "at least 0"),
    (Measure, "exact", "yes", "True or False"),
    (Stage, "training_data", "half", "give a function"),
    (Stage, "length", 0, "above 0"),
    (Stage, "counts", "yes", "True or False"),
    (Stage, "recipe", {"batchsize": 8}, "'batch_size'"),
    (Stage, "procedure", "classification", "measures"),
    (Stage, "params", 0.1, "by name"),
    (Task, "question", 3, "text"),
    (Task, "load_data", "digits", "give a function"),
    (Task, "arms", (), "arm"),
    (Task, "procedure", "classification", "measures"),
    (Task, "recipe", {"steps": 10}, "Recipe"),
    (Task, "space", {"lr": 0.1}, "Space"),
    (Task, "claims", ("deep wins",), "Claim"),
    (Task, "levels", ("digits",), "Level"),
    (Task, "topic", 3, "text"),
    (Task, "matched", 3, "text"),
    (Task, "axis", 3, "text"),
    (Task, "arms_axis", 3, "text"),
    (Task, "parameters_within", -1, "parameters_within"),
    (Task, "why", 3, "text"),
    (Task, "literature", 3, "text"),
    (Task, "sources", "a paper", "sources"),
    (Task, "label", 3, "text"),
    (Task, "name", "a b", "letters, digits"),
    (Task, "measures", (Measure("points", "higher"), 3), "Measure"),
    (Task, "plots", ("a chart",), "Plot"),
    (Float, "low", 2.0, "smaller than high"),
    (Float, "high", "much", "give a number"),
    (Float, "log", "yes", "True or False"),
    (Float, "default", 3.0, "from 0.1 to 1"),
    (Float, "when", "sgd", "each with one value"),
    (Int, "low", 0.5, "whole number"),
    (Int, "high", 0, "larger than high"),
    (Int, "log", "yes", "True or False"),
    (Int, "default", 30, "from 1 to 9"),
    (Int, "when", "sgd", "each with one value"),
    (Categorical, "values", ("a", "a"), "two are equal"),
    (Categorical, "default", "c", "one of ('a', 'b')"),
    (Categorical, "when", "sgd", "each with one value"),
]
KEYS = [
    ("name", "", "name"),
    ("title", 3, "string"),
    ("root_seed", -1, "greater than or equal to 0"),
    ("blocks", 0, "greater than or equal to 1"),
    ("trials", 0, "greater than or equal to 1"),
    ("finals", 0, "greater than or equal to 1"),
    ("tuned", "lr", "tuple"),
    ("half_budget", "perhaps", "boolean"),
    ("half_length", "perhaps", "boolean"),
    ("interim_looks", [10, 6], "interim_looks"),
    ("all_cells", "perhaps", "boolean"),
    ("sampler", "tep", "'tpe'"),
    ("length_factor", 0, "greater than 0"),
    ("examples", 0, "greater than or equal to"),
    ("confidence", 1.5, "less than"),
    ("device", "gpu", "device"),
    ("threads", 0, "greater than or equal to 1"),
    ("time_limit", 0, "greater than"),
    ("resources", {"cpu": 1}, "cpu"),
    ("every_task", "perhaps", "boolean"),
    ("vary", [{"clam": "a/b"}], "clam"),
    ("tasks", {"deep_vs_wide": {"block": 3}}, "block"),
    ("arms", "deep", "tuple"),
    ("levels", "digits", "tuple"),
    ("recipe", {"batchsize": 8}, "did you mean 'batch_size'"),
    ("aa_test", "deep", "tuple"),
]


@pytest.mark.parametrize(
    ("kind", "field", "value", "names"),
    WRONG,
    ids=[f"{kind.__name__}.{field}" for kind, field, _, _ in WRONG],
)
def test_a_wrong_value_is_refused_where_it_is_given(kind, field, value, names):
    with pytest.raises(UserError) as caught:
        kind(**{**RIGHT[kind], field: value})

    told = str(caught.value)
    assert names in told
    assert field in told or repr(value) in told


def test_the_table_has_every_field_of_every_contract_value():
    for kind in RIGHT:
        fields = {field.name for field in dataclasses.fields(kind)}
        assert {name for one, name, _, _ in WRONG if one is kind} == fields, (
            kind
        )


@pytest.mark.parametrize("value", [0.1, "lr", (0.1, 0.2)])
def test_a_space_has_ranges_alone(value):
    with pytest.raises(
        UserError, match=r"give a Float, an Int or a Categorical"
    ):
        Space(lr=value)


def profile(**values):
    own = set(values) - set(Profile.model_fields)
    of_task = {name: values.pop(name) for name in own}
    return Profile.model_validate(
        {"name": "p", "tasks": {"deep_vs_wide": of_task}, **values}
    )


@pytest.mark.parametrize(
    ("key", "value", "names"), KEYS, ids=[key for key, *_ in KEYS]
)
def test_a_wrong_value_of_a_profile_is_refused_by_its_key(key, value, names):
    with pytest.raises((UserError, ValidationError)) as caught:
        profile(**{key: value})

    assert names in str(caught.value)
    assert key in str(caught.value)


def test_the_table_has_every_key_of_a_profile():
    keys = {*Profile.model_fields, *TaskPlan.model_fields}
    assert {key for key, _, _ in KEYS} == keys
