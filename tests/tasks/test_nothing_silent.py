"""Nothing wrong is accepted in silence: for every field of every value that a task or a
profile is made of, one wrong value and what its message has to name.
"""

import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression

import tasks.augmentation
import tasks.contract
from suite.planning.profile import Profile, TaskPlan
from tasks import (
    Arm,
    Axis,
    Categorical,
    Claim,
    Curve,
    Float,
    Heights,
    Int,
    Level,
    Measure,
    Outcome,
    ParameterGroup,
    Phase,
    Picture,
    Plot,
    Recipe,
    Shape,
    Space,
    Split,
    Splits,
    Stage,
    Task,
    UserError,
)
from tasks.augmentation.augment import Transform
from tasks.augmentation.mixing import CutMix, Mixup
from tasks.augmentation.transforms import (
    ColorJitter,
    Crop,
    Erase,
    Flip,
    Negate,
    Noise,
    Rotate,
    Shift,
)
from tasks.contract.recipe import Readers
from tasks.contract.schedule import Position
from tasks.contract.stored import StoredSplit, Stream
from tasks.procedures import library, losses, metrics, supervised
from tasks.procedures.library import Library
from tasks.procedures.losses import Focal, LabelSmoothing
from tasks.procedures.metrics import OutputMeasure
from tasks.procedures.supervised import Classification, Regression, Supervised


def function(level, params, seed):
    return {"score": 1.0}


def build(shape, level, params):
    raise NotImplementedError


def training_data(train, level, seed):
    return train


def same(batch, generator):
    return batch


X, Y = torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])
FOUR = Split(X, Y)
SCORE = {"name": "score", "better": "higher"}
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
    Measure: SCORE,
    OutputMeasure: {**SCORE, "of": same},
    ParameterGroup: {"names": "*.bias"},
    Phase: {"loss": same},
    Splits: {"train": FOUR, "validation": FOUR, "test": FOUR},
    Axis: {"label": "Updates"},
    Curve: {"x": [1], "y": [1]},
    Heights: {"x": [1], "y": [1], "z": [[1]]},
    Picture: {
        "name": "p",
        "title": "t",
        "x": Axis("a"),
        "y": Axis("b"),
        "curves": (Curve([1], [1]),),
    },
    Outcome: {"values": {"score": 1.0}},
    Plot: {"name": "p", "title": "t", "metric": "score", "x": Axis("a")},
    Classification: {},
    Regression: {},
    LabelSmoothing: {},
    Focal: {},
    Library: {"estimator": LogisticRegression},
    Transform: {"transform": same},
    Mixup: {},
    CutMix: {},
    Flip: {},
    Negate: {},
    Shift: {},
    Crop: {},
    Rotate: {},
    Noise: {},
    ColorJitter: {},
    Erase: {},
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
    (Claim, "order", ("deep", "wide"), "only a ranking"),
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
    (Arm, "seeds_of", 3, "text"),
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
    (Recipe, "groups", "*.bias", "ParameterGroup"),
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
    (OutputMeasure, "of", 3, "give a function"),
    (ParameterGroup, "names", "", "not empty"),
    (ParameterGroup, "rate", -1, "at least 0"),
    (ParameterGroup, "decay", -1, "at least 0"),
    (Phase, "loss", "mse", "give a function"),
    (Phase, "prefix", 3, "text"),
    (Phase, "rate", "", "not empty"),
    (Phase, "repeats", 0, "1 or more"),
    (Phase, "mean", "yes", "True or False"),
    (Splits, "train", 3, "two tensors"),
    (Splits, "validation", Split(X, Y[:3]), "3"),
    (Splits, "test", Split(X[:0], Y[:0]), "no examples"),
    (Splits, "classes", 0.5, "whole number"),
    (Splits, "population", "new", "resplit"),
    (Splits, "pool", 2, "5 or more"),
    (Splits, "metadata", 3, "by name"),
    (Axis, "label", "", "not empty"),
    (Axis, "log", "yes", "True or False"),
    (Curve, "x", range(3000), "3000 x"),
    (Curve, "y", [1, 2], "one for each"),
    (Curve, "name", 3, "text"),
    (Curve, "mode", "bars", "points"),
    (Heights, "x", [1, 2], "1 rows of 2"),
    (Heights, "y", [1, 2], "2 rows of 1"),
    (Heights, "z", [[1, 2]], "1 rows of 1"),
    (Heights, "label", 3, "text"),
    (Picture, "name", "a b", "letters, digits"),
    (Picture, "title", "", "not empty"),
    (Picture, "x", "x", "Axis"),
    (Picture, "y", "y", "Axis"),
    (Picture, "curves", ("line",), "Curve"),
    (Picture, "heights", 3, "Heights"),
    (Picture, "says", 3, "text"),
    (Outcome, "values", 3, "numbers by name"),
    (Outcome, "pictures", 3, "give a function"),
    (Plot, "name", "a b", "letters, digits"),
    (Plot, "title", "", "not empty"),
    (Plot, "metric", "", "not empty"),
    (Plot, "x", "x", "Axis"),
    (Plot, "along", 3, "text"),
    (Plot, "y", "y", "Axis"),
    (Plot, "by", 3, "text"),
    (Plot, "arms", "deep", "names in a tuple"),
    (Plot, "levels", "digits", "names in a tuple"),
    (Plot, "says", 3, "text"),
    (Classification, "loss", "focl", "did you mean 'focal'"),
    (Classification, "penalty", 3, "give a function"),
    (Classification, "measures", 3, "give names of measures"),
    (Classification, "augment", "flip", "such as Flip()"),
    (Classification, "trains", 3, "text"),
    (Regression, "loss", "focl", "did you mean 'focal'"),
    (Regression, "penalty", 3, "give a function"),
    (Regression, "measures", 3, "give names of measures"),
    (Regression, "augment", "flip", "such as Flip()"),
    (Regression, "trains", 3, "text"),
    (LabelSmoothing, "eps", 2, "below 1"),
    (Focal, "gamma", -1, "at least 0"),
    (Library, "estimator", 3, "give a function"),
    (Library, "fixed", 3, "by name"),
    (Library, "measures", 3, "give names of measures"),
    (Transform, "transform", 3, "give a function"),
    (Transform, "by_example", "yes", "True or False"),
    (Mixup, "alpha", 0, "above 0"),
    (CutMix, "alpha", 0, "above 0"),
    (Flip, "probability", 2, "from 0 to 1"),
    (Flip, "dim", 0, "left and right"),
    (Negate, "probability", 2, "from 0 to 1"),
    (Shift, "most", -1, "0 or more"),
    (Crop, "padding", -1, "0 or more"),
    (Rotate, "degrees", -1, "from 0 to 180"),
    (Noise, "std", -1, "at least 0"),
    (ColorJitter, "brightness", -1, "at least 0"),
    (ColorJitter, "contrast", 2, "from 0 to 1"),
    (ColorJitter, "saturation", 2, "from 0 to 1"),
    (Erase, "probability", 2, "from 0 to 1"),
    (Erase, "area", (0.5, 0.1), "lowest and the highest"),
    (Erase, "aspect", (0, 1), "lowest and the highest"),
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
    ("pruner", "medain", "'median'"),
    ("pruning_rounds", [0.5, 1.5], "between 0 and 1"),
    ("length_factor", 0, "greater than 0"),
    ("examples", 0, "greater than or equal to"),
    ("confidence", 1.5, "less than"),
    ("stack", 0, "greater than or equal to 1"),
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


# Values that nobody writes: the suite makes them, or has already checked the parts.
NOT_WRITTEN = {
    Shape,
    Position,
    Readers,
    Supervised,  # the base of Classification and Regression
    # Made for every batch, and checked as parts of Splits
    Split,
    StoredSplit,
    Stream,
}
INHERITED = {OutputMeasure: Measure}  # whose fields are checked there


def contract_values():
    """Every dataclass of the contract, and of what arms may differ in."""
    found = [library, losses, metrics, supervised]
    for package in (tasks.contract, tasks.augmentation):
        for module in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{module.name}"
            found.append(importlib.import_module(name))
    return {
        value
        for module in found
        for name, value in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_the_table_has_every_field_of_every_contract_value():
    assert contract_values() == {*RIGHT, *NOT_WRITTEN}
    for kind in RIGHT:
        fields = {field.name for field in dataclasses.fields(kind)}
        if kind in INHERITED:
            parent = dataclasses.fields(INHERITED[kind])
            fields -= {field.name for field in parent}
        assert {name for one, name, _, _ in WRONG if one is kind} == fields, (
            kind
        )


def test_every_wrong_value_is_in_the_list_that_people_read():
    """Which `python ci/wrong_values.py` writes."""
    root = Path(__file__).parents[2]
    text = (root / "ci" / "WRONG_VALUES.md").read_text(encoding="utf-8")
    named = [f"{kind.__name__}.{field}" for kind, field, _, _ in WRONG]
    named += [f"profile: {key}" for key, *_ in KEYS]

    assert [name for name in named if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(("x", "y"), [(3, Y), (X, [0, 1, 0, 1])])
def test_a_split_of_anything_but_tensors_is_refused(x, y):
    with pytest.raises(UserError, match="tensor"):
        Splits(Split(x, y), FOUR, FOUR)


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
