"""Optimisers equal those of torch.optim, and recipes take ones from outside."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training import optimizer  # noqa: F401  (fills the registry)
from suite.training.flat_parameters import FlatParameters
from suite.training.loop import TrainingLoop
from suite.training.rng import make_generator
from tasks import (
    ParameterGroup,
    Recipe,
    Split,
    UserError,
    register_optimizer,
)
from tasks.contract.registry import OPTIMIZERS
from tasks.procedures.supervised import Classification

STEPS = 200
LR = 0.01
SEEDS = {"order": 1, "dropout": 2, "evaluation": 3}

PEERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda p, decay: torch.optim.SGD(
        p, LR, momentum=0.9, weight_decay=decay
    ),
    "momentum": lambda p, decay: torch.optim.SGD(
        p, LR, momentum=0.9, weight_decay=decay
    ),
    "nesterov": lambda p, decay: torch.optim.SGD(
        p, LR, momentum=0.9, nesterov=True, weight_decay=decay
    ),
    "adam": lambda p, decay: torch.optim.Adam(p, LR, weight_decay=decay),
    "adamw": lambda p, decay: torch.optim.AdamW(p, LR, weight_decay=decay),
    "adagrad": lambda p, decay: torch.optim.Adagrad(p, LR, weight_decay=decay),
    "rmsprop": lambda p, decay: torch.optim.RMSprop(p, LR, weight_decay=decay),
}


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(6, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 3)
        )


def groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights with decay; gains, biases without."""
    weights = [p for p in model.parameters() if p.ndim >= 2]
    rest = [p for p in model.parameters() if p.ndim < 2]
    return [
        {"params": weights, "weight_decay": decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def loss_of(model: nn.Module, step: int) -> Tensor:
    rng = make_generator(step)
    x = torch.randn(32, 6, generator=rng)
    return functional.cross_entropy(model(x), x[:, :3].argmax(1))


def flat(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def loop(recipe: Recipe, **params: Any) -> TrainingLoop:
    rng = make_generator(0)
    x = torch.randn(100, 6, generator=rng)
    data = Split(x, x[:, :3].argmax(1))
    return TrainingLoop(
        Classification(),
        network(),
        data,
        data,
        recipe,
        {"lr": LR, **params},
        SEEDS,
    )


def buffer_of(
    model: nn.Module, recipe: Recipe, decay: float
) -> FlatParameters:
    params = {"weight_decay": decay}
    return FlatParameters(list(model.parameters()), recipe, LR, params)


def train_both(
    ours: nn.Module,
    buffer: FlatParameters,
    theirs: nn.Module,
    peer: torch.optim.Optimizer,
) -> None:
    for step in range(STEPS):
        buffer.grad.zero_()
        loss_of(ours, step).backward()
        buffer.update(LR)
        peer.zero_grad()
        loss_of(theirs, step).backward()
        peer.step()


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", PEERS)
def test_two_hundred_updates_equal_those_of_torch_with_two_groups(name, decay):
    ours, theirs = network(), network()
    buffer = buffer_of(ours, Recipe(steps=1, optimizer=name), decay)
    peer = PEERS[name](groups(theirs, decay), 0.0)

    train_both(ours, buffer, theirs, peer)

    torch.testing.assert_close(flat(ours), flat(theirs), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(flat(ours), flat(network()), atol=1e-2)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_gains_and_biases_decay_where_the_recipe_asks_for_it(name):
    ours, theirs = network(), network()
    recipe = Recipe(steps=1, optimizer=name, decay_norms_and_biases=True)
    buffer = buffer_of(ours, recipe, 0.1)
    peer = PEERS[name](theirs.parameters(), 0.1)

    train_both(ours, buffer, theirs, peer)

    torch.testing.assert_close(flat(ours), flat(theirs), rtol=1e-3, atol=1e-5)


GROUPS = (
    ParameterGroup("0.weight", rate=0.5, decay=2),
    ParameterGroup("*.bias", rate=2),
    ParameterGroup("*.weight", decay=0),
)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "adagrad"])
def test_groups_by_name_equal_those_of_torch(name):
    ours, theirs = network(), network()
    recipe = Recipe(steps=1, optimizer=name, groups=GROUPS)
    named = dict(ours.named_parameters())
    buffer = FlatParameters(
        list(named.values()), recipe, LR, {"weight_decay": 0.1}, list(named)
    )
    first, *rest = dict(theirs.named_parameters())
    found = [
        {"params": [theirs.get_parameter(first)], "weight_decay": 0.2},
        *(
            {
                "params": [theirs.get_parameter(one)],
                "weight_decay": 0.0,
                "lr": LR * (2 if one.endswith("bias") else 1),
            }
            for one in rest
        ),
    ]
    found[0]["lr"] = LR / 2
    peer = PEERS[name](found, 0.0)

    train_both(ours, buffer, theirs, peer)

    torch.testing.assert_close(flat(ours), flat(theirs), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("group", "params", "complaint"),
    [
        (
            ParameterGroup("haed.*"),
            {},
            "has none of the parameters .*0.weight",
        ),
        (ParameterGroup("*", decay=0), {}, "changes the weight decay"),
    ],
)
def test_a_group_that_would_do_nothing_is_an_error(group, params, complaint):
    with pytest.raises(UserError, match=complaint):
        loop(Recipe(steps=1, groups=(group,)), **params)


def test_a_profile_gives_groups_as_tables():
    recipe = Recipe(steps=1).with_changes(
        {"groups": [{"names": "*.bias", "rate": 2}]}
    )

    assert recipe.groups == (ParameterGroup("*.bias", rate=2),)
    assert recipe.describe()["groups"] == [
        {"names": "*.bias", "rate": 2, "decay": None}
    ]
    for wrong, complaint in (
        ({"name": "*.bias"}, "names"),
        ({"rate": 2}, "a pattern of parameters"),
        ("*.bias", "give ParameterGroups in a tuple"),
    ):
        with pytest.raises(UserError, match=complaint):
            Recipe(steps=1, groups=[wrong])
    with pytest.raises(UserError, match="makes its groups, too"):
        Recipe(steps=1, optimizer=torch.optim.SGD, groups=GROUPS)


def test_weight_decay_alone_moves_weights_and_positions_and_nothing_else():
    class Positioned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(3))
            self.positions = nn.Parameter(torch.ones(4, 3))
            self.bias = nn.Parameter(torch.ones(3))
            self.scale = nn.Parameter(torch.ones(()))

    model = Positioned()
    buffer = buffer_of(model, Recipe(steps=1), 0.5)
    buffer.update(0.1)

    # decoupled: each weight is multiplied by 1 - 0.1 * 0.5
    assert torch.allclose(model.positions, torch.full((4, 3), 0.95))
    assert torch.equal(model.gain, torch.ones(3))
    assert torch.equal(model.bias, torch.ones(3))
    assert torch.equal(model.scale, torch.ones(()))


def test_the_optimizer_of_a_function_spares_gains_and_biases_too():
    ours, theirs = network(), network()
    recipe = Recipe(steps=1, optimizer=torch.optim.AdamW)
    buffer = buffer_of(ours, recipe, 0.1)
    peer = torch.optim.AdamW(groups(theirs, 0.1), LR)

    train_both(ours, buffer, theirs, peer)

    torch.testing.assert_close(flat(ours), flat(theirs), rtol=1e-3, atol=1e-5)


def test_a_model_of_gains_and_biases_alone_trains():
    model = nn.LayerNorm(4)
    buffer = buffer_of(model, Recipe(steps=1), 0.5)
    buffer.grad.fill_(1.0)
    buffer.update(0.1)

    torch.testing.assert_close(model.weight.detach(), torch.full((4,), 0.9))


def test_a_hyperparameter_with_the_name_of_a_recipes_field_sets_it():
    changes = {"optimizer": "sgd", "momentum": 0.5, "batch_size": 20}
    tuned = loop(Recipe(steps=30, batch_size=16, momentum=0.9), **changes)
    fixed = loop(Recipe(steps=30, **changes))
    list(tuned), list(fixed)

    assert tuned.updates_per_epoch == 5
    assert torch.equal(tuned.losses, fixed.losses)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_betas_can_be_tuned_one_by_one(name):
    recipe = Recipe(steps=30, batch_size=16, optimizer=name)
    tuned = loop(recipe, beta2=0.9)
    fixed = loop(recipe.with_changes({"betas": (0.9, 0.9)}))
    list(tuned), list(fixed)

    assert torch.equal(tuned.losses, fixed.losses)
    with pytest.raises(UserError, match="at least 0 and below 1"):
        loop(recipe, beta1=1.0)


def test_a_function_gets_hyperparameters_by_their_names():
    def made(
        parameters: Iterable[nn.Parameter], lr: float, damping: float
    ) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr, 0.9, dampening=damping)

    recipe = Recipe(steps=20, optimizer=made)
    run = loop(recipe, damping=0.25, dropout=0.1)
    group = run.learner.buffers[""]._parts[0].optimizer.optimizer.param_groups

    assert group[0]["dampening"] == 0.25


def test_every_optimizer_that_a_recipe_may_name_exists():
    built_in = {
        name for name in OPTIMIZERS.names() if OPTIMIZERS.is_built_in(name)
    }

    assert built_in <= OPTIMIZERS.implemented().keys()
    assert set(PEERS) == built_in


@pytest.mark.parametrize("name", sorted(PEERS))
def test_an_optimizer_resumes_from_its_state(name):
    def updated(
        begin: int, end: int, buffer: FlatParameters, model: nn.Module
    ) -> None:
        for step in range(begin, end):
            buffer.grad.zero_()
            loss_of(model, step).backward()
            buffer.update(LR)

    recipe = Recipe(steps=1, optimizer=name)
    first, second = network(), network()
    whole = buffer_of(first, recipe, 0.1)
    updated(0, 5, whole, first)
    rest = buffer_of(second, recipe, 0.1)
    rest.load_state_dict(whole.state_dict())
    updated(5, 9, whole, first)
    updated(5, 9, rest, second)

    assert torch.equal(whole.flat, rest.flat)


class Signs:
    """Steps of one size against the sign of the gradient."""

    def __init__(self, flat: Tensor, recipe: Recipe) -> None:
        self.flat = flat

    def update(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        self.flat.sub_(gradient.sign(), alpha=lr)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(OPTIMIZERS, "_known", dict(OPTIMIZERS._known))
    register_optimizer("signs", Signs)
    return "signs"


def test_an_optimizer_from_outside_is_named_as_ours_are(signs):
    run = loop(Recipe(steps=1, optimizer=signs, schedule="constant"))
    before = run.learner.buffers[""].flat.clone()
    list(run)
    moved = (run.learner.buffers[""].flat - before).abs()

    torch.testing.assert_close(moved, torch.full_like(moved, LR))


def test_a_name_belongs_to_one_rule(signs):
    register_optimizer(signs, Signs)  # its file was loaded again

    with pytest.raises(
        UserError, match=r"belongs to suite.training.optimizer.Adam"
    ):
        register_optimizer("adam", Signs)


def nadam(
    parameters: Iterable[nn.Parameter], lr: float, weight_decay: float
) -> torch.optim.Optimizer:
    return torch.optim.NAdam(parameters, lr, weight_decay=weight_decay)


def only_parameters(
    parameters: Iterable[nn.Parameter],
) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, weight_decay=0.0)


def test_a_function_that_makes_adamw_learns_what_adamw_does():
    named = loop(Recipe(steps=40, batch_size=16, schedule="linear"))
    made = loop(
        Recipe(
            steps=40,
            batch_size=16,
            schedule="linear",
            optimizer=only_parameters,
        )
    )
    list(named), list(made)

    torch.testing.assert_close(named.losses, made.losses, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "make", [nadam, torch.optim.RAdam], ids=["function", "class"]
)
def test_any_optimizer_of_torch_resumes_to_the_last_bit(make):
    recipe = Recipe(steps=30, batch_size=16, evaluations=3, optimizer=make)
    whole = loop(recipe, weight_decay=0.1)
    list(whole)
    begun = loop(recipe, weight_decay=0.1)
    found = iter(begun)
    next(found), next(found)
    resumed = loop(recipe, weight_decay=0.1)
    resumed.load_state_dict(begun.state_dict())
    list(resumed)

    assert torch.equal(whole.losses, resumed.losses)


def test_groups_of_parameters_keep_the_proportions_of_their_rates():
    def two_groups(
        parameters: list[nn.Parameter], lr: float
    ) -> torch.optim.Optimizer:
        made: Any = [
            {"params": parameters[:2]},
            {"params": parameters[2:], "lr": lr / 10},
        ]
        return torch.optim.SGD(made, lr)

    run = loop(Recipe(steps=1, optimizer=two_groups, schedule="constant"))
    buffer = run.learner.buffers[""]
    buffer.update(0.5)
    made = buffer._parts[0].optimizer.optimizer.param_groups

    assert [group["lr"] for group in made] == pytest.approx([0.5, 0.05])


def test_a_weight_decay_that_nothing_reads_is_refused():
    with pytest.raises(UserError, match="takes no argument of that name"):
        loop(Recipe(steps=1, optimizer=only_parameters), weight_decay=0.1)


def test_a_function_that_makes_no_optimizer_is_refused():
    with pytest.raises(UserError, match="made a NoneType: return"):
        loop(Recipe(steps=1, optimizer=lambda parameters: None))


def test_a_rate_that_the_space_lacks_is_named():
    run = loop(Recipe(steps=1))
    with pytest.raises(
        UserError, match=r"No hyperparameter 'lr' \(given: l2\)"
    ):
        TrainingLoop(
            Classification(),
            network(),
            run.train,
            run.validation,
            Recipe(steps=1),
            {"l2": 0.1},
            SEEDS,
        )


def test_recipes_are_described_by_names_and_by_the_source_of_functions(signs):
    plain = Recipe(steps=1).describe()
    by_name = Recipe(steps=1, optimizer=signs).describe()["optimizer"]
    by_function = Recipe(steps=1, optimizer=nadam).describe()["optimizer"]
    by_another = Recipe(steps=1, optimizer=only_parameters).describe()[
        "optimizer"
    ]

    assert (plain["optimizer"], plain["schedule"]) == ("adamw", "cosine")
    assert len(by_name["rule"]["source"]) == 64
    assert by_function["name"].endswith("nadam")
    assert by_function["source"] != by_another["source"]
