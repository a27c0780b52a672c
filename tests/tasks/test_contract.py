# mypy: disable-error-code="arg-type"
"""Every value that a task is written with is checked where it is made."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from suite.training.evaluate import measure
from tasks import (
    Arm,
    Categorical,
    Claim,
    Float,
    Int,
    Level,
    Measure,
    Phase,
    Recipe,
    Space,
    Split,
    Splits,
    Task,
    UserError,
)
from tasks.contract.recipe import FULL_LENGTH
from tasks.procedures.metrics import ACCURACY
from tasks.procedures.supervised import Classification

LR = Float(1e-3, 1e-1, log=True)


def build(*given: Any) -> nn.Module:
    return nn.Linear(2, 2)


def splits(*given: Any, **changes: Any) -> Splits:
    split = Split(torch.zeros(4, 2), torch.tensor([0, 1, 0, 1]))
    return Splits(
        **{"train": split, "validation": split, "test": split, **changes}
    )


def task(**changes: Any) -> Task:
    return Task(
        **{
            "question": "Which?",
            "load_data": splits,
            "arms": (Arm("a", build), Arm("b", build)),
            "procedure": Classification(),
            "recipe": Recipe(steps=10),
            "space": Space(lr=LR),
            "claims": (),
            **changes,
        }
    )


def claim(**changes: Any) -> Claim:
    given = {
        "name": "c",
        "says": "",
        "metric": "accuracy",
        "better": "a",
        "worse": "b",
    }
    return Claim(**{**given, **changes})


REFUSED: list[tuple[Callable[[], Any], str]] = [
    # recipes
    (
        lambda: Recipe(steps=9, warmup=5),
        "warmup=5): give a number from 0 to 1",
    ),
    (lambda: Recipe(steps=9, warmup=math.nan), "warmup=nan)"),
    (
        lambda: Recipe(steps=9, evaluations=0),
        "evaluations=0): give a whole number",
    ),
    (lambda: Recipe(steps=0), "steps=0): give a whole number, 1 or more"),
    (lambda: Recipe(steps=1.5), "steps=1.5)"),
    (lambda: Recipe(epochs=0), "epochs=0): give a number above 0"),
    (lambda: Recipe(steps=9, batch_size="full"), "batch_size='full')"),
    (lambda: Recipe(steps=9, optimizer="adagard"), "did you mean 'adagrad'?"),
    (lambda: Recipe(steps=9, optimizer=3), "known: adagrad, adam, adamw"),
    (
        lambda: Recipe(steps=9, optimizer=lambda: torch.optim.SGD([])),
        "too many positional arguments",
    ),
    (
        lambda: Recipe(steps=9, optimizer="nesterov", momentum=0),
        "momentum=0): nesterov",
    ),
    (lambda: Recipe(steps=9, momentum=1.0), "momentum=1.0): give a number"),
    (lambda: Recipe(steps=9, betas=(0.9,)), "betas=(0.9,)): give two numbers"),
    (lambda: Recipe(steps=9, schedule="plateau"), "give patience, too"),
    (
        lambda: Recipe(steps=9, milestones=(50,)),
        "shares of the updates, from 0 to 1",
    ),
    (lambda: Recipe(steps=9, restore_best="yes"), "give True or False"),
    (lambda: Recipe(steps=9, max_grad_norm=-1), "max_grad_norm=-1)"),
    # spaces
    (lambda: Int(5, 2), "low must not be larger than high"),
    (lambda: Int(0.5, 2), "low=0.5): give a whole number, or use Float"),
    (lambda: Int(0, 8, log=True), "a logarithmic range must start above 0"),
    (lambda: Float(0, 1, default=2), "default=2): give a number from 0 to 1"),
    (lambda: Int(1, 4, default=1.5), "default=1.5): give a whole number"),
    (lambda: Int(1, 4, default=5), "default=5): give a number from 1 to 4"),
    (
        lambda: Categorical(("a", "b"), default="c"),
        "default='c'): give one of ('a', 'b')",
    ),
    (lambda: Float(1, 1), "low must be smaller than high"),
    (lambda: Float(0, math.inf), "high=inf): give a number that is finite"),
    (lambda: Space(dropout=0.5), "params={'dropout': 0.5}"),
    (
        lambda: Space(dropout=(0.1, 0.5)),
        "give a Float, an Int or a Categorical",
    ),
    (lambda: Categorical(()), "values=())"),
    (lambda: Categorical((1, 1.0)), "two are equal"),
    (lambda: Categorical((math.inf,)), "inf cannot be one"),
    (lambda: Categorical(((8, 8), (4, 4))), "(8, 8) cannot be one"),
    # names, which are those of folders, too
    (
        lambda: Arm("../../esc", build),
        "Arm(name='../../esc'): give a name of letters",
    ),
    (lambda: Arm(".hidden", build), "does not begin with a dot"),
    (lambda: Level("a/b"), "give a name of letters"),
    (lambda: Level(""), "give a name of letters"),
    (
        lambda: Measure("recall@5", "higher", lambda shape: 0.0),
        "Measure(name='recall@5'",
    ),
    (lambda: claim(name="a\\b"), "give a name of letters"),
    (lambda: task(name="../up"), "give a name of letters"),
    # arms, levels, measures, phases
    (lambda: Arm("a", "build"), "give a function, of shape, level"),
    (lambda: Arm("a", build, recipe={"step": 1}), "did you mean 'steps'"),
    (
        lambda: Arm("a", build, space=Space(lr=LR), without=("lr",)),
        "own space, too",
    ),
    (
        lambda: Arm("a", build, params={"lr": (1, 2)}),
        "'lr' cannot be (1, 2): give",
    ),
    (
        lambda: Arm("a", build, params={"lr": math.nan}),
        "'lr' cannot be nan: give",
    ),
    (
        lambda: Arm("a", build, params={"momentum": 0.5}),
        "recipe={'momentum': 0.5}",
    ),
    (
        lambda: Arm("a", build, params={"lr": 1}, space=Space(lr=LR)),
        "cannot be both",
    ),
    (
        lambda: Arm("a", build, params={"lr": 1}, without=("lr",)),
        "has a value in",
    ),
    (lambda: Level("a", params={"batch_size": 5}), "recipe={'batch_size': 5}"),
    (
        lambda: Level("a", params={"lr": 1}, space=Space(lr=LR)),
        "cannot be both",
    ),
    (lambda: Level("a", space={"lr": 1}), "give a Space"),
    (lambda: Arm("a", build, without="lr"), "give names in a tuple"),
    (
        lambda: Arm("a", build, measure=len, seeds_of="b"),
        "same seeds anyway",
    ),
    (lambda: Level("a", x="far"), "x='far'): give a number"),
    (
        lambda: Measure("m", "high", lambda shape: 0.0),
        "did you mean 'higher'?",
    ),
    (lambda: Measure("m", "higher", 2.0), "worst=2.0): give a function"),
    (lambda: Phase(loss=None), "give a function, of the model"),
    (lambda: Phase(build, repeats=0), "repeats=0)"),
    # data
    (lambda: splits(train=[1, 2]), "train=list): give a Split"),
    (
        lambda: splits(test=Split(torch.zeros(3, 2), torch.zeros(4))),
        "(3, 2) and (4,)",
    ),
    (
        lambda: splits(train=Split(torch.zeros(0, 2), torch.zeros(0))),
        "no examples",
    ),
    (lambda: splits(population="new"), "population='new')"),
    (
        lambda: splits(population="resplit", pool=3),
        "pool=3): give a whole number, 5",
    ),
    # claims
    (lambda: claim(kind="diference"), "did you mean 'difference'?"),
    (lambda: claim(scale="log"), "scale='log')"),
    (lambda: claim(margin=-0.1), "margin=-0.1): give a number of at least 0"),
    (lambda: claim(worse=""), "name the arm to compare 'a' with"),
    (lambda: claim(worse="a"), "better is the same arm"),
    (
        lambda: claim(kind="threshold", worse=""),
        "a threshold needs the value to reach",
    ),
    (lambda: claim(reference=0.5), "have a reference"),
    (lambda: claim(kind="contrast"), "name its arms in weights"),
    (lambda: claim(weights={"a": 1}), "only a contrast has weights"),
    (lambda: claim(levels="few"), "give names in a tuple"),
    # tasks
    (lambda: task(arms=()), "give one Arm at least"),
    (
        lambda: task(arms=(Arm("a", build), Arm("a", build))),
        "two arms named 'a'",
    ),
    (lambda: task(procedure=build), "has no measures and no phases"),
    (lambda: task(space=Space(steps=Int(1, 9))), "fixed rather than tuned"),
    (
        lambda: task(space=Space(momentum=Float(0.1, 1.9))),
        "'momentum' is tuned for arm 'a', but Recipe(momentum=1.9)",
    ),
    (
        lambda: task(space=Space(optimizer=Categorical(("sgd", "adamm")))),
        "did you mean 'adam'?",
    ),
    (
        lambda: task(arms=(Arm("a", build, without=("l",)),)),
        "did you mean 'lr'?",
    ),
    (
        lambda: task(arms=(Arm("a", build, seeds_of="a"), Arm("b", build))),
        "(arm 'a', seeds_of) 'a'",
    ),
    (
        lambda: task(arms=(Arm("a", build, recipe={"warmup": 9}),)),
        "Arm 'a' at level 'all': Recipe(warmup=9)",
    ),
    (lambda: task(claims=(claim(better="aa"),)), "did you mean 'a'?"),
    (lambda: task(claims=(claim(at_least=5),)), "5 points are 0.05"),
    (
        lambda: task(claims=(claim(margin=2),)),
        "accuracy is a share from 0 to 1",
    ),
    (
        lambda: task(claims=(claim(kind="interaction"),)),
        "two levels a different x",
    ),
]


@pytest.mark.parametrize(
    ("make", "says"), REFUSED, ids=[says for _, says in REFUSED]
)
def test_what_cannot_be_is_refused_where_it_is_made(make, says):
    with pytest.raises(UserError, match=re.escape(says)):
        make()


def test_numpy_scalars_and_tensors_become_plain_numbers():
    made: list[Any] = [
        Float(np.float32(0.5), torch.tensor(2.0)),
        Int(np.int64(1), np.array(3)),
        Categorical(
            (np.int64(1), np.float64(0.5), np.bool_(False), np.str_("a"))
        ),
    ]

    assert made == [
        Float(0.5, 2.0),
        Int(1, 3),
        Categorical((1, 0.5, False, "a")),
    ]
    kinds = [type(value) for value in made[2].values]
    assert kinds == [int, float, bool, str]
    assert type(Recipe(steps=np.int64(3)).steps) is int


def test_an_arms_own_length_takes_the_place_of_its_levels():
    arm = Arm("a", build, recipe={"epochs": 2})
    level = Level("long", recipe={"steps": 500, "batch_size": 8})
    found = task(arms=(arm,), levels=(level,)).recipe_of(level, arm)

    assert (found.steps, found.epochs, found.batch_size) == (None, 2, 8)


def test_levels_and_then_arms_change_what_is_tuned_and_what_is_fixed():
    decay = Float(0.0, 1.0)
    narrow = Float(1e-3, 1e-2, log=True, default=2e-3)
    plain_arm = Arm("plain", build)
    fixed = Arm("fixed", build, params={"lr": 0.1})
    own = Arm("own", build, space=Space(lr=narrow, dropout=Float(0.0, 0.5)))
    unregularised = Arm("unregularised", build, without=("wd",))
    everywhere = Level("everywhere")
    undecayed = Level("undecayed", params={"wd": 0.0, "dropout": 0.1})
    wide = Level("wide", space=Space(lr=Float(1e-5, 1.0, log=True)))
    found = task(
        arms=(plain_arm, fixed, own, unregularised),
        levels=(everywhere, undecayed, wide),
        space=Space(lr=LR, wd=decay),
    )

    assert dict(found.space_of(plain_arm, everywhere)) == {
        "lr": LR,
        "wd": decay,
    }
    assert found.fixed_params(plain_arm, everywhere) == {}
    assert dict(found.space_of(fixed, everywhere)) == {"wd": decay}
    assert found.fixed_params(fixed, wide) == {"lr": 0.1}
    assert dict(found.space_of(plain_arm, undecayed)) == {"lr": LR}
    assert found.fixed_params(plain_arm, undecayed) == {
        "wd": 0.0,
        "dropout": 0.1,
    }
    # an arm has the last word
    assert found.space_of(own, wide)["lr"] == narrow
    assert set(found.space_of(own, undecayed)) == {"lr", "dropout"}
    assert found.fixed_params(own, undecayed) == {"wd": 0.0}
    assert found.fixed_params(unregularised, undecayed) == {"dropout": 0.1}
    assert list(found.space_of(unregularised, wide)) == ["lr"]
    assert found.default_params(own, undecayed) == {
        "lr": 2e-3,
        "dropout": 0.25,
        "wd": 0.0,
    }


def test_the_first_value_is_the_default_or_the_middle_on_the_ranges_scale():
    space = Space(
        lr=Float(1e-4, 1e-2, log=True),
        dropout=Float(0.0, 0.5),
        layers=Int(1, 4),
        width=Int(4, 64, log=True),
        norm=Categorical(("none", "batch")),
        given=Float(0.0, 1.0, default=0.9),
        count=Int(1, 9, default=2),
        kind=Categorical((True, False), default=False),
    )

    assert space.default_point == {
        "lr": pytest.approx(1e-3),
        "dropout": 0.25,
        "layers": 2,
        "width": 16,
        "norm": "none",
        "given": 0.9,
        "count": 2,
        "kind": False,
    }


# ------------------------------------------------------------------ what evaluate gives


class Fixed(Classification):
    def __init__(self, **found: Any) -> None:
        super().__init__(measures=(ACCURACY,))
        object.__setattr__(self, "found", found)

    def evaluate(self, *given: Any) -> dict[str, float]:
        return self.found  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.array(0.5), torch.tensor(0.5), 0.5], ids=repr
)
def test_measures_become_plain_numbers(value):
    found = measure(Fixed(accuracy=value), nn.Identity(), splits().train, 0)

    assert found == {"accuracy": 0.5}
    assert type(found["accuracy"]) is float


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"accuracy": "0.5"}, "accuracy='0.5', of type str: return a number"),
        ({"accuracy": torch.zeros(2)}, "of type Tensor"),
        ({"accuracy": None}, "accuracy=None"),
        ({"acc": 0.5}, "no 'accuracy' (returned: acc)"),
    ],
    ids=str,
)
def test_a_measure_that_is_no_number_is_named(found, says):
    with pytest.raises(UserError, match=re.escape(says)):
        measure(Fixed(**found), nn.Identity(), splits().train, 0)


def test_a_measure_that_is_not_finite_says_that_the_run_diverged():
    found = measure(
        Fixed(accuracy=torch.nan), nn.Identity(), splits().train, 0
    )

    assert math.isnan(found["accuracy"])


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_a_run_of_any_schedule_can_be_asked_for_its_full_length(schedule):
    recipe = Recipe(
        steps=5, schedule=schedule, patience=1, stop_when=("accuracy", 0.9)
    )

    whole = recipe.with_changes({**FULL_LENGTH, "steps": 20})

    assert whole.stop_when is None
    assert whole.patience > whole.updates(100)
