"""The loop against plain torch.optim, its schedules against torch's, and what it
promises beside the losses.
"""

import copy
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from suite.training.evaluate import evaluation_steps
from suite.training.flat_parameters import FlatParameters
from suite.training.loop import TrainingLoop, losses_digest
from suite.training.rng import batches, make_generator
from tasks import Phase, Recipe, Split, UserError
from tasks.contract.schedule import learning_rate
from tasks.procedures.supervised import Classification

SEEDS = {"order": 1, "dropout": 2, "evaluation": 3}


def examples(
    count: int = 200, features: int = 6, classes: int = 3, seed: int = 0
) -> Split:
    rng = make_generator(seed)
    x = torch.randn(count, features, generator=rng)
    return Split(
        x,
        (
            x[:, :classes] + 0.3 * torch.randn(count, classes, generator=rng)
        ).argmax(1),
    )


def network(dropout: float = 0.0, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(6, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 3)
        )


def trained(
    recipe: Recipe, model: nn.Module | None = None, **params: float
) -> TrainingLoop:
    data = examples()
    training = TrainingLoop(
        Classification(),
        model or network(),
        data,
        examples(seed=9),
        recipe,
        {"lr": 0.01, **params},
        SEEDS,
    )
    list(training)
    return training


def two_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weights, which decay, and gains and biases, which do not."""
    weights = [p for p in model.parameters() if p.ndim >= 2]
    rest = [p for p in model.parameters() if p.ndim < 2]
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def plain_losses(
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    peak: float,
) -> list[float]:
    """The loop that anybody would write."""
    source, losses = (
        batches(examples(), recipe.batch(200), make_generator(SEEDS["order"])),
        [],
    )
    steps = recipe.updates(200)
    for step in range(1, steps + 1):
        batch = next(source)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak, recipe)
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch.x), batch.y)
        loss.backward()
        if recipe.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "constant"},
        {"schedule": "step", "warmup": 0.1},
        {"max_grad_norm": 0.2},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "nesterov": True, "warmup": 0.2},
        {"batch_size": 0},
        {"steps": None, "epochs": 3},
    ],
    ids=str,
)
def test_losses_equal_a_plain_loop(changes, weight_decay):
    recipe = Recipe(steps=60, batch_size=32).with_changes(changes)
    model = network()
    groups = two_groups(model, weight_decay)
    if recipe.optimizer == "adamw":
        optimizer: torch.optim.Optimizer = torch.optim.AdamW(groups, lr=1)
    else:
        optimizer = torch.optim.SGD(
            groups, lr=1, momentum=recipe.momentum, nesterov=recipe.nesterov
        )

    ours = trained(recipe, weight_decay=weight_decay).losses

    expected = torch.tensor(plain_losses(recipe, optimizer, model, 0.01))
    torch.testing.assert_close(ours, expected, rtol=2e-5, atol=2e-6)


def test_a_convolution_in_a_flat_buffer_learns_as_a_plain_one():
    """Channels-last views of the buffer change the layout, not the numbers beyond
    rounding.
    """
    data = Split(
        torch.randn(64, 2, 8, 8, generator=make_generator(0)),
        torch.arange(64) % 3,
    )

    def build() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return nn.Sequential(
                nn.Conv2d(2, 4, 3),
                nn.BatchNorm2d(4),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(144, 3),
            )

    recipe = Recipe(steps=20, batch_size=16, schedule="constant")
    ours = TrainingLoop(
        Classification(),
        build(),
        data,
        data,
        recipe,
        {"lr": 1e-2, "weight_decay": 0.1},
        SEEDS,
    )
    list(ours)
    model = build()
    optimizer = torch.optim.AdamW(two_groups(model, 0.1), lr=1e-2)
    source, losses = batches(data, 16, make_generator(SEEDS["order"])), []
    for _ in range(20):
        batch = next(source)
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch.x), batch.y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    torch.testing.assert_close(
        ours.losses, torch.tensor(losses), rtol=1e-3, atol=1e-4
    )


def test_cosine_equals_torch():
    recipe = Recipe(steps=50, schedule="cosine")
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(1, 51):
        assert learning_rate(step, 50, 0.3, recipe) == pytest.approx(
            optimizer.param_groups[0]["lr"], abs=1e-12
        )
        optimizer.step()
        scheduler.step()


def test_step_decay_equals_torch():
    recipe = Recipe(
        steps=40, schedule="step", milestones=(0.5, 0.75), lr_gamma=0.1
    )
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(
        optimizer, milestones=[20, 30], gamma=0.1
    )
    for step in range(1, 41):
        assert learning_rate(step, 40, 0.3, recipe) == pytest.approx(
            optimizer.param_groups[0]["lr"], rel=1e-12
        )
        optimizer.step()
        scheduler.step()


@given(
    steps=st.integers(1, 400), warmup=st.floats(0, 1), peak=st.floats(1e-5, 10)
)
def test_warm_up_rises_to_the_peak_and_never_above(steps, warmup, peak):
    recipe = Recipe(steps=steps, schedule="constant", warmup=warmup)
    rates = [
        learning_rate(step, steps, peak, recipe)
        for step in range(1, steps + 1)
    ]

    assert all(0 < rate <= peak * (1 + 1e-12) for rate in rates)
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(peak)


@given(steps=st.integers(1, 500), evaluations=st.integers(1, 60))
def test_evaluations_end_with_the_last_step(steps, evaluations):
    found = evaluation_steps(steps, evaluations)

    assert found == sorted(set(found))
    assert (found[0] >= 1, found[-1]) == (True, steps)
    assert len(found) == min(steps, evaluations)


@given(examples=st.integers(1, 50), size=st.integers(1, 60))
def test_a_pass_sees_every_example_once(examples, size):
    data = Split(torch.arange(examples), torch.arange(examples))
    source = batches(data, size, make_generator(0))

    for _ in range(2):
        seen = [next(source).x for _ in range(math.ceil(examples / size))]
        assert sorted(torch.cat(seen).tolist()) == list(range(examples))


def test_the_same_seeds_repeat_to_the_last_bit_and_others_do_not():
    recipe = Recipe(steps=40, batch_size=32)
    first, again = (
        losses_digest(trained(recipe, network(dropout=0.3)).losses)
        for _ in range(2)
    )
    data = examples()
    other = TrainingLoop(
        Classification(),
        network(dropout=0.3),
        data,
        data,
        recipe,
        {"lr": 0.01},
        SEEDS | {"dropout": 5},
    )
    list(other)

    assert first == again
    assert losses_digest(other.losses) != first


def test_the_callers_random_numbers_are_left_alone():
    training = TrainingLoop(
        Classification(),
        network(dropout=0.5),
        examples(),
        examples(),
        Recipe(steps=20),
        {"lr": 0.01},
        SEEDS,
    )
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    for _ in training:
        pass

    assert torch.equal(torch.rand(3), expected)


def test_drawing_random_numbers_while_watching_changes_nothing():
    recipe = Recipe(steps=40, batch_size=32)
    undisturbed = trained(recipe, network(dropout=0.5)).losses
    training = TrainingLoop(
        Classification(),
        network(dropout=0.5),
        examples(),
        examples(seed=9),
        recipe,
        {"lr": 0.01},
        SEEDS,
    )
    for _ in training:
        torch.rand(11)

    assert torch.equal(training.losses, undisturbed)


def test_the_best_checkpoint_on_validation_is_handed_on():
    recipe = Recipe(
        steps=200, batch_size=8, schedule="constant", evaluations=40
    )
    data, validation = examples(20), examples(60, seed=9)
    training = TrainingLoop(
        Classification(),
        network(),
        data,
        validation,
        recipe,
        {"lr": 0.1},
        SEEDS,
    )
    seen = list(training)

    training.model.eval()
    with torch.no_grad():
        reached = Classification().evaluate(
            training.model, validation, make_generator(0)
        )
    best = min((p for p in seen if p.step > 0), key=lambda p: p.score)
    assert training.best == best
    assert reached["accuracy"] == best.values["validation.accuracy"]
    assert reached["loss"] == pytest.approx(
        best.values["validation.loss"], rel=1e-6
    )


def test_patience_stops_a_run_that_no_longer_improves():
    recipe = Recipe(
        steps=2000,
        batch_size=8,
        schedule="constant",
        evaluations=100,
        patience=3,
    )
    training = TrainingLoop(
        Classification(),
        network(),
        examples(20),
        examples(60, seed=9),
        recipe,
        {"lr": 0.1},
        SEEDS,
    )
    seen = list(training)

    assert training.best is not None
    assert seen[-1].step < 2000
    assert [p.step for p in seen].index(seen[-1].step) - [
        p.step for p in seen
    ].index(training.best.step) == 3
    assert len(training.losses) == seen[-1].step


def test_a_run_ends_once_it_fits_its_training_examples():
    recipe = Recipe(
        steps=2000,
        schedule="constant",
        evaluations=100,
        stop_when=("accuracy", 0.95),
        restore_best=False,
    )
    loop = trained(recipe)

    reached = [found.values["train.accuracy"] for found in loop.curve]
    assert loop.curve[-1].step < 2000
    assert reached[-1] >= 0.95
    assert max(reached[:-1]) < 0.95
    assert loop.best == loop.curve[-1]


def test_a_measure_of_which_less_is_better_ends_a_run_from_below():
    recipe = Recipe(steps=2000, schedule="constant", stop_when=("loss", 0.3))

    reached = [found.values["train.loss"] for found in trained(recipe).curve]

    assert reached[-1] <= 0.3 < min(reached[:-1])


def test_a_run_that_is_to_stop_at_an_unknown_measure_is_refused():
    with pytest.raises(UserError, match="accuracy"):
        trained(Recipe(steps=20, stop_when=("acuracy", 0.9)))
    with pytest.raises(UserError, match="give a measure and a number"):
        Recipe(steps=20, stop_when=("accuracy",))


def test_a_plateau_lowers_the_rate_and_the_last_one_stops_the_run():
    class Deaf(Classification):
        def phases(self, model: nn.Module) -> tuple[Phase, ...]:
            return (
                Phase(
                    lambda model, batch, generator: sum(
                        (p.sum() for p in model.parameters()), torch.zeros(())
                    )
                ),
            )

        def evaluate(
            self, model: nn.Module, split: Split, generator: torch.Generator
        ) -> dict[str, float]:
            return {"accuracy": 0.5, "loss": 1.0}

    model, start = network(), network()
    recipe = Recipe(
        steps=50,
        optimizer="sgd",
        momentum=0.0,
        schedule="plateau",
        patience=2,
        lr_gamma=0.1,
        evaluations=50,
        restore_best=False,
    )
    training = TrainingLoop(
        Deaf(), model, examples(), examples(), recipe, {"lr": 1.0}, SEEDS
    )
    steps = [progress.step for progress in training]

    # the first evaluation is the best; then patience runs out three times: for two
    # drops, and for good
    assert steps[-1] == 1 + 2 + 2 + 2
    moved = 3 * 1.0 + 2 * 0.1 + 2 * 0.01  # every gradient is 1
    for before, after in zip(
        start.parameters(), model.parameters(), strict=True
    ):
        torch.testing.assert_close(
            before - after, torch.full_like(before, moved)
        )


def test_a_run_that_diverges_stops_and_says_so():
    recipe = Recipe(
        steps=1000, optimizer="sgd", schedule="constant", evaluations=50
    )
    training = TrainingLoop(
        Classification(),
        network(),
        examples(),
        examples(),
        recipe,
        {"lr": 1e9},
        SEEDS,
    )
    seen = list(training)

    assert seen[-1].diverged
    assert seen[-1].step < 1000


def test_a_phase_updates_its_own_parameters_alone():
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(6, 3), nn.Linear(6, 3)

    class OnlyFirst(Classification):
        def phases(self, model: nn.Module) -> tuple[Phase, ...]:
            def loss(
                model: nn.Module, batch: Split, generator: torch.Generator
            ) -> torch.Tensor:
                both = model.get_submodule("first")(
                    batch.x
                ) + model.get_submodule("second")(batch.x)
                return functional.cross_entropy(both, batch.y)

            return (Phase(loss, prefix="first."),)

        def evaluate(
            self, model: nn.Module, split: Split, generator: torch.Generator
        ) -> dict[str, float]:
            return {"accuracy": 0.0, "loss": 0.0}

    model = Two()
    before = [p.detach().clone() for p in model.parameters()]
    recipe = Recipe(steps=5, restore_best=False)
    list(
        TrainingLoop(
            OnlyFirst(),
            model,
            examples(),
            examples(),
            recipe,
            {"lr": 0.1},
            SEEDS,
        )
    )
    moved = [
        not torch.equal(old, new)
        for old, new in zip(before, model.parameters(), strict=True)
    ]

    assert moved == [True, True, False, False]


def test_flat_parameters_are_views_of_one_buffer():
    model = network()
    parameters = list(model.parameters())
    weights_first = sorted(parameters, key=lambda p: p.ndim < 2)
    before = torch.cat([p.detach().flatten() for p in weights_first])
    flat = FlatParameters(parameters, Recipe(steps=1))

    assert torch.equal(flat.flat, before)
    flat.flat.zero_()
    assert all(not p.any() for p in model.parameters())


# ------------------------------------------------------------- averages of parameters


def normalised_network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(6, 16, bias=False),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.Linear(16, 3),
        )


AVERAGED = Recipe(
    steps=40, batch_size=32, ema_decay=0.9, evaluations=2, restore_best=False
)


def test_averaged_parameters_equal_torchs_averaged_model():
    model = normalised_network()
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    optimizer = torch.optim.AdamW(two_groups(model, 0.1), lr=1)
    source = batches(examples(), 32, make_generator(SEEDS["order"]))
    for step in range(1, 41):
        batch = next(source)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, 40, 0.01, AVERAGED)
        optimizer.zero_grad()
        functional.cross_entropy(model(batch.x), batch.y).backward()
        optimizer.step()
        theirs.update_parameters(model)

    ours = trained(AVERAGED, normalised_network(), weight_decay=0.1).model

    expected = theirs.module.state_dict()
    assert ours.state_dict().keys() == expected.keys()
    for name, value in ours.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-5)


def test_averaging_changes_what_is_evaluated_and_not_what_is_learned():
    averaged = trained(AVERAGED)
    plain = trained(AVERAGED.with_changes({"ema_decay": None}))

    assert torch.equal(averaged.losses, plain.losses)
    assert averaged.curve[-1].values != plain.curve[-1].values


def test_the_best_average_is_handed_on():
    training = trained(
        AVERAGED.with_changes({"restore_best": True, "evaluations": 8})
    )
    assert training.best is not None
    validation = examples(seed=9)

    with torch.no_grad():
        loss = functional.cross_entropy(
            training.model(validation.x), validation.y
        )
    assert loss.item() == pytest.approx(
        training.best.values["validation.loss"]
    )


def test_an_average_survives_an_interruption():
    def loop() -> TrainingLoop:
        return TrainingLoop(
            Classification(),
            network(),
            examples(),
            examples(seed=9),
            AVERAGED,
            {"lr": 0.01},
            SEEDS,
        )

    whole, begun, resumed = loop(), loop(), loop()
    list(whole)
    iterator = iter(begun)
    next(iterator), next(iterator)
    resumed.load_state_dict(copy.deepcopy(begun.state_dict()))
    list(resumed)

    assert torch.equal(resumed.losses, whole.losses)
    for ours, theirs in zip(
        resumed.model.parameters(), whole.model.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("decay", [1.0, -0.1, "slow"])
def test_an_average_that_never_forgets_is_refused(decay):
    with pytest.raises(UserError, match="ema_decay"):
        Recipe(steps=1, ema_decay=decay)
